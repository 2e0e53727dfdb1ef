import { describeFinalizers, describeRemaining, type Remaining } from '../../kube/controllers/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { Resource } from '../../kube/resource.ts'
import { RBAC } from '../authz/mod.ts'
import { LOGICAL_CLUSTERS } from '../clusters/mod.ts'

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
      group !== RBAC,
  )
  return owned.flatMap((type) => {
    for (const object of client.list(type)) deleteOne(client, type, object)
    const left = client.list(type)
    return left.length === 0 ? [] : [{ resource: type, objects: left }]
  })
}

/** Deletes ClusterRoles and their bindings, the last of the content. */
export function deletePolicy(client: LocalClient, types: readonly Resource[]): void {
  for (const type of types.filter(({ group, namespaced }) => group === RBAC && !namespaced)) {
    for (const object of client.list(type)) deleteOne(client, type, object)
  }
}

/** In the words of kcp's condition. */
export function describe(remaining: readonly Remaining[]): string {
  const [some, waiting] = [describeRemaining(remaining), describeFinalizers(remaining)]
  return waiting === undefined
    ? some
    : `${some}; Some content in the logical cluster has finalizers remaining: ${waiting}`
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
