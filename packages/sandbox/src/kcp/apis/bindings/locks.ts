import { parseJson, stringifyJson } from '@resource-broker/json'
import { deepEqual, getKey, isObject, setKey } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { LocalClient } from '../../../kube/requests/types.ts'
import { logicalClusters } from '../../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME } from '../../names.ts'

/** Who owns a type in a logical cluster: the binding of that name, or a CustomResourceDefinition (contract 2.8). */
export type Lock = { n?: string; c?: boolean }
export type Locks = { [type: string]: Lock }

const ANNOTATION = 'internal.apis.kcp.io/resource-bindings'

/** How a lock names a type: `<resource>.<group>`, the resource alone in the core group. */
export function lockName({ group, resource }: { group: string; resource: string }): string {
  return group === '' ? resource : `${resource}.${group}`
}

/** Who owns what, as the LogicalCluster says. */
export function locksOf(logicalCluster: KubeObject | undefined): Locks {
  const text = logicalCluster?.metadata.annotations?.[ANNOTATION]
  if (text === undefined) return {}
  try {
    const locks = parseJson(text) as unknown
    return isObject(locks) ? (locks as Locks) : {}
  } catch {
    // Whoever broke it owns nothing by that; the next change writes it anew.
    return {}
  }
}

/** Who owns a type; undefined where nobody does. */
export function ownerOf(locks: Locks, type: { group: string; resource: string }): Lock | undefined {
  return getKey(locks, lockName(type))
}

/** Changes who owns what, where there is a LogicalCluster. */
export function changeLocks(client: LocalClient, change: (locks: Locks) => void): void {
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, (object) => {
    const locks = locksOf(object)
    const before = structuredClone(locks)
    change(locks)
    if (deepEqual(before, locks)) return
    object.metadata.annotations = { ...object.metadata.annotations, [ANNOTATION]: stringifyJson(locks) }
  })
}

/** Gives a binding these types and no others; what belongs to another has to be looked for before. Without types, it lets go of all. */
export function hold(
  client: LocalClient,
  binding: string,
  types: readonly { group: string; resource: string }[],
): void {
  const names = types.map(lockName)
  changeLocks(client, (locks) => {
    for (const [type, { n }] of Object.entries(locks)) if (n === binding && !names.includes(type)) delete locks[type]
    for (const name of names) setKey(locks, name, { n: binding })
  })
}
