import { parseJson } from '@resource-broker/json'
import type { Entry, Store, StoreEvent } from '../../store/types.ts'
import type { KubeObject } from '../objects.ts'
import { type Policy, PolicyIndex, type PolicySource } from './policy.ts'

const KINDS = {
  clusterroles: 'ClusterRole',
  roles: 'Role',
  clusterrolebindings: 'ClusterRoleBinding',
  rolebindings: 'RoleBinding',
} as const

/** The RBAC objects of a store, each counting in its own logical cluster; follows every write at once. */
export class StorePolicySource implements PolicySource {
  readonly #clusters = new Map<string, PolicyIndex>()
  readonly #stops: (() => void)[] = []

  constructor(store: Store) {
    for (const resource of Object.keys(KINDS)) {
      const { entries, revision } = store.list({ resource })
      for (const entry of entries) this.#set(entry)
      this.#stops.push(store.watch({ resource }, revision, (event) => this.#follow(event)))
    }
  }

  policy(cluster: string): Policy | undefined {
    return this.#clusters.get(cluster)
  }

  /** Follows the store no longer. */
  close(): void {
    for (const stop of this.#stops) stop()
  }

  #follow({ type, entry }: StoreEvent): void {
    if (type !== 'DELETED') {
      this.#set(entry)
      return
    }
    const { resource, cluster, namespace, name } = entry.key
    const index = this.#clusters.get(cluster)
    index?.delete(KINDS[resource as keyof typeof KINDS], namespace, name)
    if (index?.isEmpty === true) this.#clusters.delete(cluster)
  }

  #set({ key, bytes }: Entry): void {
    let index = this.#clusters.get(key.cluster)
    if (index === undefined) {
      index = new PolicyIndex()
      this.#clusters.set(key.cluster, index)
    }
    index.set(parseJson(bytes.toString()) as KubeObject)
  }
}
