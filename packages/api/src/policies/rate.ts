import { type CompiledLabels, type Labels, labelOf } from '../filters/labels.ts'
import { brief, type Refusal } from '../filters/refusal.ts'
import type { Counting } from './policy-index.ts'

/** Longest mistake that a refusal tells, in characters: the condition of the policy has all of it. */
const LONGEST_OBSTACLE = 512

/** Why a policy keeps an object from a provider with these labels; undefined: it does not. */
export function forbids({ policy, obstacle }: Counting, labels: Labels | undefined): Refusal | undefined {
  const { name, require } = policy
  if (obstacle !== undefined) {
    const got = `${name}: ${brief(obstacle, LONGEST_OBSTACLE)}`
    return { path: '', rule: 'policy', want: 'a PlacementPolicy that can be evaluated', got }
  }
  if (require === undefined || require.some((term) => term.holds(labels))) return undefined
  const wanted = brief(require.map(({ words }) => words.join(' and ')).join(', or '))
  return { path: '', rule: 'policy', want: `${wanted}, as PlacementPolicy ${name} says`, got: gotOf(require, labels) }
}

function gotOf(require: readonly CompiledLabels[], labels: Labels | undefined): string {
  const keys = new Set(require.flatMap((term) => term.keys))
  const words = [...keys].map((key) => {
    const value = labelOf(labels, key)
    return value === undefined ? `no label ${key}` : `label ${key}=${value}`
  })
  return brief(words.join(', '))
}

/** What the terms of a policy that hold of these labels add to the weight of an offer, as `prefer[0]` and so on. */
export function preferences({ policy }: Counting, labels: Labels | undefined): Record<string, number> {
  const parts: Record<string, number> = {}
  for (const [i, term] of policy.prefer.entries()) if (term.labels.holds(labels)) parts[`prefer[${i}]`] = term.weight
  return parts
}
