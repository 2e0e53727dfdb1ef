import type { GVK, ObjectMeta } from '../kinds/meta.ts'
import { isRecord } from '../records.ts'

/** A MigrationConfiguration as anybody may have written it: one with mistakes counts as well. */
type Configuration = { metadata: Pick<ObjectMeta, 'name' | 'creationTimestamp'>; spec?: unknown }

/**
 * Of MigrationConfigurations, those that say something of moves between two kinds; of those that are for a move the first one counts.
 * Those with `when` go before those without, then the older one, then the one that is before in the alphabet.
 */
export function configurationsFor<T extends Configuration>(
  all: readonly T[],
  { from, to }: { from: GVK; to: GVK },
): T[] {
  return all
    .filter(({ spec }) => isRecord(spec) && saysSomething(spec) && isKind(spec['from'], from) && isKind(spec['to'], to))
    .toSorted(
      (a, b) =>
        Number(whenOf(a) === undefined) - Number(whenOf(b) === undefined) ||
        compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
        compare(a.metadata.name, b.metadata.name),
    )
}

/** `spec.when` of a MigrationConfiguration; undefined: it is for all moves between its kinds. */
export function whenOf({ spec }: Configuration): string | undefined {
  const when = isRecord(spec) ? spec['when'] : undefined
  return typeof when === 'string' ? when : undefined
}

/** Of those of `configurationsFor`, the one because of which another of them, by its name, counts for no move; undefined: there is none. */
export function shadowOf<T extends Configuration>(counting: readonly T[], name: string): T | undefined {
  const index = counting.findIndex(({ metadata }) => metadata.name === name)
  const own = counting[index]
  return own && counting.slice(0, index).find((other) => whenOf(other) === undefined || whenOf(other) === whenOf(own))
}

/** What a MigrationConfiguration may ask for; one that asks for nothing counts for no move. */
const ASKS = ['stages', 'paused', 'limits', 'approval', 'keepOutgoing']

const saysSomething = (spec: Record<string, unknown>): boolean => ASKS.some((field) => asks(spec[field]))

const asks = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0)

const isKind = (given: unknown, { group, version, kind }: GVK): boolean =>
  isRecord(given) && given['group'] === group && given['version'] === version && given['kind'] === kind

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
