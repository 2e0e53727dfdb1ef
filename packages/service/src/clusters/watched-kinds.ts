import type { BrokeredKind } from './clusters.ts'

/**
 * The kinds, each in one version: an API server shows an object in all that it serves, and it would be placed once for each. The first
 * counts; `others` are left out.
 */
export function inOneVersion<K extends BrokeredKind>(kinds: readonly K[]): { kinds: K[]; others: K[] } {
  const first = new Map<string, K>()
  for (const kind of kinds) if (!first.has(nameOf(kind))) first.set(nameOf(kind), kind)
  const left = new Set(first.values())
  return { kinds: [...left], others: kinds.filter((kind) => !left.has(kind)) }
}

const nameOf = ({ group, kind }: BrokeredKind): string => `${kind}.${group}`
