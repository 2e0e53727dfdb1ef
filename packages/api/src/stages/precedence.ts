import type { GVK, ObjectMeta } from '../kinds/meta.ts'
import { isRecord } from '../records.ts'

/** A MigrationConfiguration as anybody may have written it: one with mistakes counts as well. */
type Configuration = { metadata: Pick<ObjectMeta, 'name' | 'creationTimestamp'>; spec?: unknown }

/**
 * Of MigrationConfigurations, those that say something of moves between two kinds; the first one counts, the others are in its shadow.
 * The older goes first, then the one that is before in the alphabet.
 */
export function configurationsFor<T extends Configuration>(
  all: readonly T[],
  { from, to }: { from: GVK; to: GVK },
): T[] {
  return all
    .filter(({ spec }) => isRecord(spec) && saysSomething(spec) && isKind(spec['from'], from) && isKind(spec['to'], to))
    .toSorted(
      ({ metadata: a }, { metadata: b }) =>
        compare(a.creationTimestamp ?? '', b.creationTimestamp ?? '') || compare(a.name, b.name),
    )
}

/** What a MigrationConfiguration may ask for; one that asks for nothing counts for no move. */
const ASKS = ['stages', 'paused', 'limits', 'approval', 'keepOutgoing']

const saysSomething = (spec: Record<string, unknown>): boolean => ASKS.some((field) => asks(spec[field]))

const asks = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0)

const isKind = (given: unknown, { group, version, kind }: GVK): boolean =>
  isRecord(given) && given['group'] === group && given['version'] === version && given['kind'] === kind

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
