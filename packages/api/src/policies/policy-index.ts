import type { Labels } from '../filters/labels.ts'
import { type BrokeredObject, type Subject, selectsResource, servesConsumer, subjectOf } from '../filters/match.ts'
import { type Policy, WHEN } from './compile-policy.ts'
import { ResourcePolicies } from './resource-policies.ts'

/** The policy that counts for an object; `obstacle`: it cannot be evaluated for it, and why. */
export type Counting = { policy: Policy; obstacle?: string }

/** Every PlacementPolicy, arranged so that those of other resources, consumers and labels cost an object nothing. */
export class PolicyIndex {
  readonly #policies = new Map<string, Policy>()
  /** By resource; each is made when it is first asked for. */
  readonly #resources = new Map<string, ResourcePolicies>()
  #hasFailover: boolean | undefined

  /** Whether a policy has objects leave providers that are away: where none does nobody need look. */
  get hasFailover(): boolean {
    this.#hasFailover ??= [...this.#policies.values()].some(({ failover }) => failover !== undefined)
    return this.#hasFailover
  }

  get(name: string): Policy | undefined {
    return this.#policies.get(name)
  }

  /** Adds a policy, in place of the one of the same name. */
  set(policy: Policy): void {
    this.#policies.set(policy.name, policy)
    this.#hasFailover = undefined
    this.#resources.clear()
  }

  /** Removes a policy; nothing happens if it is not there. */
  delete(name: string): void {
    if (!this.#policies.delete(name)) return
    this.#hasFailover = undefined
    this.#resources.clear()
  }

  /**
   * The policy that counts for an object: of those that select it the one of the highest priority, then the older, then the lower name.
   * One of which nobody can tell whether it selects the object counts as one that does.
   */
  for(object: BrokeredObject): Counting | undefined {
    const labels = labelsOf(object.object)
    const subject = subjectOf(object.object, object.consumer)
    for (const { policy } of this.#ofResource(object.gvr).for(object, labels)) {
      const selects = selection(policy, subject, labels)
      if (selects === true) return { policy }
      if (selects !== false) return { policy, obstacle: selects.obstacle }
    }
    return undefined
  }

  #ofResource({ group, resource }: BrokeredObject['gvr']): ResourcePolicies {
    const key = `${resource}/${group}`
    const known = this.#resources.get(key)
    if (known !== undefined) return known
    const all = [...this.#policies.values()].filter(({ resources }) => selectsResource(resources, { group, resource }))
    const made = new ResourcePolicies(all.sort(comparePolicies))
    this.#resources.set(key, made)
    return made
  }
}

function selection(
  { consumers, objects, when }: Policy,
  subject: Subject,
  labels: Labels | undefined,
): boolean | { obstacle: string } {
  if (!servesConsumer(consumers, subject.consumer)) return false
  if (objects !== undefined && !objects.holds(labels)) return false
  if (when === undefined) return true
  if ('mistake' in when) return { obstacle: `${WHEN}: ${when.mistake}` }
  const result = when.evaluate(subject.cel())
  if (!('error' in result)) return result.value === true
  return result.kind === 'notYet' ? false : { obstacle: `${WHEN}: ${result.error}` }
}

function labelsOf({ metadata }: Record<string, unknown>): Labels | undefined {
  return ((metadata ?? {}) as { labels?: Labels }).labels
}

const comparePolicies = (a: Policy, b: Policy): number =>
  b.priority - a.priority || compareText(a.created, b.created) || compareText(a.name, b.name)

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
