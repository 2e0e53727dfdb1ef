import { compileCelFilter, type FilterProgram } from '../filters/cel-filter.ts'
import { type CompiledSelector, compileSelector } from '../filters/consumers.ts'
import { type CompiledLabels, compileLabels } from '../filters/labels.ts'
import type { Mistake } from '../kinds/kind.ts'
import { PlacementPolicy } from '../kinds/placement-policy.ts'
import { compileFailover, type Failover } from './failover.ts'

/** Where the expression of a policy is. */
export const WHEN = 'spec.selector.when'

/** A PlacementPolicy, compiled; undefined is a part that it does not have. `when` is what is wrong with an expression that cannot be used. */
export type Policy = {
  name: string
  priority: number
  /** metadata.creationTimestamp: RFC 3339, UTC. */
  created: string
  resources: readonly { group: string; resource: string }[] | undefined
  consumers: readonly CompiledSelector[] | undefined
  objects: CompiledLabels | undefined
  when: FilterProgram | { mistake: string } | undefined
  require: readonly CompiledLabels[] | undefined
  prefer: readonly { weight: number; labels: CompiledLabels }[]
  scores: readonly { name: string; weight: number }[]
  failover: Failover | undefined
}

/**
 * Compiles a PlacementPolicy, which may be anything that somebody wrote. Every mistake is named with its path from the object's root; nothing
 * throws. One whose expression is wrong is a policy all the same: it is not known whether it was to keep an object from a provider.
 */
export function compilePolicy(input: unknown): { policy: Policy | undefined; mistakes: Mistake[] } {
  const parsed = PlacementPolicy.parse(input)
  if (!parsed.ok) return { policy: undefined, mistakes: parsed.mistakes }
  const { metadata, spec } = parsed.value
  const { resources, consumers, objects, when } = spec.selector
  const program = when === undefined ? undefined : compileCelFilter(when)
  return {
    policy: {
      name: metadata.name,
      priority: spec.priority ?? 0,
      created: metadata.creationTimestamp ?? '',
      resources,
      consumers: consumers?.map(compileSelector),
      objects: objects && compileLabels(objects),
      when: program,
      require: spec.require?.map(compileLabels),
      prefer: (spec.prefer ?? []).map(({ weight, ...labels }) => ({ weight, labels: compileLabels(labels) })),
      scores: spec.scores ?? [],
      failover: spec.failover && compileFailover(spec.failover),
    },
    mistakes: program !== undefined && 'mistake' in program ? [{ path: WHEN, message: program.mistake }] : [],
  }
}
