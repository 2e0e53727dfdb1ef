import type { InventoryItem, Part } from '@resource-broker/bus'
import type { ResourceRef } from '@resource-broker/kube'
import { idOf } from './part-watch.ts'

/** What the stream held of one object: several messages where it was told of under other keys before. */
export type Stored = readonly InventoryItem[]
/** By cluster/namespace/name. */
export type StoredByObject = ReadonlyMap<string, Stored>

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
