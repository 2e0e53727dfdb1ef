import { StatusError } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { LOGICAL_CLUSTERS } from '../clusters/mod.ts'

/** Objects of one type that are still there, and the finalizers that they wait for. */
export type Remaining = { type: string; count: number; finalizers: Record<string, number> }

const POLICY_GROUP = 'rbac.authorization.k8s.io'

/**
 * Deletes what is in a logical cluster and tells what is left. Namespaces take what is in them along, APIBindings their objects;
 * RBAC stays so that people can look at what is left.
 */
export function deleteContent(client: LocalClient, types: readonly Resource[]): Remaining[] {
  const owned = types.filter(
    ({ namespaced, identity, verbs, storage, group }) =>
      !namespaced &&
      identity === undefined &&
      verbs.includes('delete') &&
      storage !== LOGICAL_CLUSTERS &&
      group !== POLICY_GROUP,
  )
  return owned.flatMap((type) => {
    for (const object of client.list(type)) deleteOne(client, type, object)
    const left = client.list(type)
    return left.length === 0 ? [] : [remainingOf(type, left)]
  })
}

/** Deletes ClusterRoles and their bindings, the last of the content. */
export function deletePolicy(client: LocalClient, types: readonly Resource[]): void {
  for (const type of types.filter(({ group, namespaced }) => group === POLICY_GROUP && !namespaced)) {
    for (const object of client.list(type)) deleteOne(client, type, object)
  }
}

/** In the words of kcp's condition. */
export function describe(remaining: readonly Remaining[]): string {
  const counts = remaining.map(({ type, count }) => `${type} has ${count} resource instances`)
  const finalizers = new Map<string, number>()
  for (const [name, count] of remaining.flatMap((each) => Object.entries(each.finalizers))) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + count)
  }
  const waiting = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`)
  const some = `Some resources are remaining: ${counts.sort().join(', ')}`
  return waiting.length === 0
    ? some
    : `${some}; Some content in the logical cluster has finalizers remaining: ${waiting.sort().join(', ')}`
}

function deleteOne(client: LocalClient, type: Resource, { metadata }: KubeObject): void {
  if (metadata.deletionTimestamp !== undefined) return
  try {
    client.delete(type, metadata.namespace ?? '', metadata.name ?? '', { propagationPolicy: 'Background' })
  } catch (error) {
    // Admission protects some objects until others are gone; the next look tries again.
    if (!(error instanceof StatusError)) throw error
  }
}

function remainingOf({ resource, group }: Resource, objects: readonly KubeObject[]): Remaining {
  const finalizers: Record<string, number> = {}
  for (const name of objects.flatMap(({ metadata }) => metadata.finalizers ?? [])) {
    finalizers[name] = (finalizers[name] ?? 0) + 1
  }
  return { type: group === '' ? `${resource}.` : `${resource}.${group}`, count: objects.length, finalizers }
}
