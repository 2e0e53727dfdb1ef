import { type CompiledLabels, type Labels, labelOf } from '../filters/labels.ts'
import { brief, type Refusal } from '../filters/refusal.ts'
import type { Policy } from './compile-policy.ts'
import type { Counting } from './policy-index.ts'

/** Longest mistake that a refusal tells, in characters: the condition of the policy has all of it. */
const LONGEST_OBSTACLE = 512

/** What a policy says of providers with the same labels. */
type Rating = {
  forbidden: Refusal | undefined
  /** What the terms of `prefer` that hold add to the weight of an offer, as `prefer[0]` and so on, and all of them together. */
  parts: Readonly<Record<string, number>>
  preferred: number
}

/** By policy and labels, neither of which ever changes: a policy or a Provider that says something else is another object. */
const ratings = new WeakMap<Policy, WeakMap<Labels, Rating>>()
const NO_LABELS: Labels = {}

function ratingOf(policy: Policy, labels: Labels = NO_LABELS): Rating {
  const ofPolicy = ratings.get(policy) ?? new WeakMap<Labels, Rating>()
  ratings.set(policy, ofPolicy)
  const known = ofPolicy.get(labels)
  if (known !== undefined) return known
  const rating = rate(policy, labels)
  ofPolicy.set(labels, rating)
  return rating
}

function rate({ name, require, prefer }: Policy, labels: Labels): Rating {
  const parts: Record<string, number> = {}
  for (const [i, term] of prefer.entries()) if (term.labels.holds(labels)) parts[`prefer[${i}]`] = term.weight
  const preferred = Object.values(parts).reduce((sum, part) => sum + part, 0)
  if (require === undefined || require.some((term) => term.holds(labels)))
    return { forbidden: undefined, parts, preferred }
  const wanted = brief(require.map(({ words }) => words.join(' and ')).join(', or '))
  const want = `${wanted}, as PlacementPolicy ${name} says`
  return { forbidden: { path: '', rule: 'policy', want, got: gotOf(require, labels) }, parts, preferred }
}

/** Why a policy keeps an object from a provider with these labels, which are remembered; undefined: it does not. */
export function forbids({ policy, obstacle }: Counting, labels: Labels | undefined): Refusal | undefined {
  if (obstacle === undefined) return ratingOf(policy, labels).forbidden
  const got = `${policy.name}: ${brief(obstacle, LONGEST_OBSTACLE)}`
  return { path: '', rule: 'policy', want: 'a PlacementPolicy that can be evaluated', got }
}

/** What a policy prefers of a provider with these labels, which are remembered. */
export function preferences({ policy }: Counting, labels: Labels | undefined): Pick<Rating, 'parts' | 'preferred'> {
  return ratingOf(policy, labels)
}

function gotOf(require: readonly CompiledLabels[], labels: Labels | undefined): string {
  const keys = new Set(require.flatMap((term) => term.keys))
  const words = [...keys].map((key) => {
    const value = labelOf(labels, key)
    return value === undefined ? `no label ${key}` : `label ${key}=${value}`
  })
  return brief(words.join(', '))
}
