import type { GVK, ObjectMeta } from '../kinds/meta.ts'
import { isRecord } from '../records.ts'

/** A MigrationConfiguration as anybody may have written it: one with mistakes counts as well. */
type Configuration = { metadata: Pick<ObjectMeta, 'name' | 'creationTimestamp'>; spec?: unknown }

/**
 * Of MigrationConfigurations, those that ask for stages of moves between two kinds; the first one counts, the others are in its shadow.
 * The older goes first, then the one that is before in the alphabet.
 */
export function configurationsFor<T extends Configuration>(
  all: readonly T[],
  { from, to }: { from: GVK; to: GVK },
): T[] {
  return all
    .filter(
      ({ spec }) => isRecord(spec) && asks(spec['stages']) && isKind(spec['from'], from) && isKind(spec['to'], to),
    )
    .toSorted(
      ({ metadata: a }, { metadata: b }) =>
        compare(a.creationTimestamp ?? '', b.creationTimestamp ?? '') || compare(a.name, b.name),
    )
}

const asks = (stages: unknown): boolean => stages !== undefined && !(Array.isArray(stages) && stages.length === 0)

const isKind = (given: unknown, { group, version, kind }: GVK): boolean =>
  isRecord(given) && given['group'] === group && given['version'] === version && given['kind'] === kind

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
