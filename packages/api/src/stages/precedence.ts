import type { GVK } from '../kinds/meta.ts'
import type { MigrationConfiguration } from '../kinds/migration-configuration.ts'

type Kinds = { from: GVK; to: GVK }

/**
 * Of MigrationConfigurations, those that ask for stages of moves between two kinds; the first one counts, the others are in its shadow.
 * The older goes first, then the one that is before in the alphabet.
 */
export function configurationsFor(
  all: readonly MigrationConfiguration[],
  { from, to }: Kinds,
): MigrationConfiguration[] {
  return all
    .filter(({ spec }) => (spec.stages ?? []).length > 0 && sameKind(spec.from, from) && sameKind(spec.to, to))
    .toSorted(
      (a, b) =>
        compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
        compare(a.metadata.name, b.metadata.name),
    )
}

const sameKind = (a: GVK, b: GVK): boolean => a.group === b.group && a.version === b.version && a.kind === b.kind

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
