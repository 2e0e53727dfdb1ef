import type { Contents, InventoryItem, Part } from '@resource-broker/bus'
import type { ResourceRef } from '@resource-broker/kube'
import type { View } from '@resource-broker/service'
import { idOf } from './part-watch.ts'

/** What the stream held of one object: several messages where it was told of under other keys before. */
export type Stored = readonly InventoryItem[]
/** By cluster/namespace/name. */
export type StoredByObject = ReadonlyMap<string, Stored>

/** What this service alone publishes as snapshots of objects, by what a view is watched for. */
const PARTS = {
  records: ['assignment', 'migration', 'configuration', 'policy'],
  sources: ['source', 'source-related'],
  offers: ['acceptapi'],
  copies: ['copy', 'copy-related'],
  stages: ['staged'],
} as const satisfies Record<View['duties'][number], readonly Part[]>
/** Parts that are qualified by the provider. */
const OF_PROVIDERS: ReadonlySet<Part> = new Set(PARTS.copies)
/** Providers whose copies are asked for one by one: each costs requests of its own. */
const MOST_PROVIDERS = 8

/**
 * What the stream may hold of the objects that these views show. Providers come and go while others have copies by the thousand, and a
 * view that begins reads nothing of those.
 */
export function contentsOf(views: readonly View[]): Contents[] {
  const parts = new Set(views.flatMap(({ duties }) => duties.flatMap((duty): readonly Part[] => PARTS[duty])))
  const providers = new Set(views.filter(({ duties }) => duties.includes('copies')).map(({ provider }) => provider))
  const isFew = providers.size <= MOST_PROVIDERS && !providers.has(undefined)
  return [...parts].flatMap((part): Contents[] =>
    isFew && OF_PROVIDERS.has(part)
      ? [...providers].flatMap((qualifier) => (qualifier === undefined ? [] : [{ part, qualifier }]))
      : [{ part }],
  )
}

/** What the stream held at one time, of everything that this service alone publishes as snapshots of objects. */
export class Inventory {
  /** By part and resource. */
  readonly #groups = new Map<string, Map<string, InventoryItem[]>>()

  constructor(items: readonly InventoryItem[]) {
    for (const item of items) {
      const group = groupOf(item.part, item.object)
      const its = this.#groups.get(group) ?? new Map<string, InventoryItem[]>()
      const id = idOf(item.object)
      this.#groups.set(group, its.set(id, [...(its.get(id) ?? []), item]))
    }
  }

  /** Of one part and one resource, in whatever version it was watched. */
  of(part: Part, resource: Pick<ResourceRef, 'group' | 'resource'>): StoredByObject {
    return this.#groups.get(groupOf(part, resource)) ?? new Map()
  }
}

const groupOf = (part: Part, { group, resource }: Pick<ResourceRef, 'group' | 'resource'>): string =>
  `${part} ${resource}.${group}`
