import type { InventoryItem, Part } from '@resource-broker/bus'
import type { ResourceRef } from '@resource-broker/kube'
import { idOf } from './part-watch.ts'

/** What the stream held at one time, of everything that this service alone publishes as snapshots of objects. */
export class Inventory {
  /** By part and resource, then by cluster/namespace/name. */
  readonly #groups = new Map<string, Map<string, InventoryItem>>()

  constructor(items: readonly InventoryItem[]) {
    for (const item of items) {
      const group = groupOf(item.part, item.object)
      const its = this.#groups.get(group) ?? new Map<string, InventoryItem>()
      this.#groups.set(group, its.set(idOf(item.object), item))
    }
  }

  /** Of one part and one resource, by cluster/namespace/name. */
  of(part: Part, resource: ResourceRef): ReadonlyMap<string, InventoryItem> {
    return this.#groups.get(groupOf(part, resource)) ?? new Map()
  }
}

const groupOf = (part: Part, { group, version, resource }: ResourceRef): string =>
  `${part} ${resource}.${version}.${group}`
