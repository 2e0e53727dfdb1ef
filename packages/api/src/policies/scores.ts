import { MOST_SCORE } from '../kinds/meta.ts'
import type { Policy } from './compile-policy.ts'

/** What is said of a provider or an offer, by name, such as cost or latency: -100 to 100. */
export type Scores = Readonly<Record<string, number>>

/** Who has a say on an offer: its own AcceptAPI, and the platform on its provider. */
export type Said = { offer: Scores | undefined; provider: Scores | undefined }

/** What a policy makes of the scores of an offer: what each term adds to its weight, as `scores[0]` and so on. */
export function weighedScores({ scores }: Policy, said: Said): Record<string, number> {
  return Object.fromEntries(scores.map((term, i) => [`scores[${i}]`, weighed(term, said)]))
}

/** The sum of that. */
export function scored({ scores }: Policy, said: Said): number {
  let sum = 0
  for (const term of scores) sum += weighed(term, said)
  return sum
}

/** Whoever says nothing of a score that counts has the worst there is: nobody is preferred for keeping silent about what it costs. */
function weighed({ name, weight }: Policy['scores'][number], { offer, provider }: Said): number {
  const value = scoreNamed(provider, name) ?? scoreNamed(offer, name)
  return value === undefined ? -Math.abs(weight) * MOST_SCORE : weight * value
}

const scoreNamed = (scores: Scores | undefined, name: string): number | undefined =>
  scores !== undefined && Object.hasOwn(scores, name) ? scores[name] : undefined
