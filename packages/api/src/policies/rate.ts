import { type CompiledLabels, type Labels, labelOf } from '../filters/labels.ts'
import { brief, type Refusal } from '../filters/refusal.ts'
import type { Policy } from './compile-policy.ts'
import type { Counting } from './policy-index.ts'

/** Longest mistake that a refusal tells, in characters: the condition of the policy has all of it. */
const LONGEST_OBSTACLE = 512

/** What a policy says of providers with the same labels. `refusal` is there once it was told: there are many that nobody reads. */
type Rating = { isAllowed: boolean; preferred: number; refusal: Refusal | undefined }

/** By policy and labels, neither of which ever changes: a policy or a Provider that says something else is another object. */
const ratings = new WeakMap<Policy, WeakMap<Labels, Rating>>()
const NO_LABELS: Labels = {}

function ratingOf(policy: Policy, labels: Labels = NO_LABELS): Rating {
  const ofPolicy = ratings.get(policy) ?? new WeakMap<Labels, Rating>()
  ratings.set(policy, ofPolicy)
  const known = ofPolicy.get(labels)
  if (known !== undefined) return known
  const { require, prefer } = policy
  const isAllowed = require === undefined || require.some((term) => term.holds(labels))
  const preferred = prefer.reduce((sum, term) => sum + (term.labels.holds(labels) ? term.weight : 0), 0)
  const rating: Rating = { isAllowed, preferred, refusal: undefined }
  ofPolicy.set(labels, rating)
  return rating
}

/** Whether a provider with these labels, which are remembered, has what a policy requires. */
export function satisfies(labels: Labels | undefined, policy: Policy): boolean {
  return ratingOf(policy, labels).isAllowed
}

/** Whether a policy lets an object come to a provider with these labels; they are remembered. */
export function allows({ policy, obstacle }: Counting, labels: Labels | undefined): boolean {
  return obstacle === undefined && satisfies(labels, policy)
}

/** Why a policy does not let an object come to a provider with these labels. */
export function refusalBy({ policy, obstacle }: Counting, labels: Labels | undefined): Refusal {
  if (obstacle !== undefined) {
    const got = `${policy.name}: ${brief(obstacle, LONGEST_OBSTACLE)}`
    return { path: '', rule: 'policy', want: 'a PlacementPolicy that can be evaluated', got }
  }
  const rating = ratingOf(policy, labels)
  rating.refusal ??= refusalOf(policy, labels)
  return rating.refusal
}

/** What the terms of spec.require ask of a Provider, in words. */
export const requirementText = (require: readonly CompiledLabels[]): string =>
  require.map(({ words }) => words.join(' and ')).join(', or ')

function refusalOf({ name, require = [] }: Policy, labels: Labels | undefined): Refusal {
  const wanted = brief(requirementText(require))
  return { path: '', rule: 'policy', want: `${wanted}, as PlacementPolicy ${name} says`, got: gotOf(require, labels) }
}

/** What a policy's preferences add to the weight of an offer of a provider with these labels, which are remembered. */
export function preferred({ policy }: Counting, labels: Labels | undefined): number {
  return ratingOf(policy, labels).preferred
}

/** What that is made up of: what each term that holds adds, as `prefer[0]` and so on. */
export function preferences({ policy }: Counting, labels: Labels | undefined): Record<string, number> {
  const parts: Record<string, number> = {}
  for (const [i, term] of policy.prefer.entries()) if (term.labels.holds(labels)) parts[`prefer[${i}]`] = term.weight
  return parts
}

function gotOf(require: readonly CompiledLabels[], labels: Labels | undefined): string {
  const keys = new Set(require.flatMap((term) => term.keys))
  const words = [...keys].map((key) => {
    const value = labelOf(labels, key)
    return value === undefined ? `no label ${key}` : `label ${key}=${value}`
  })
  return brief(words.join(', '))
}
