import { type Entry, ExistsError, type ObjectKey } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import { deepClone, parseOwnJson } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { apiVersionOf, encodeObject, storedApiVersion, toApiVersion } from '../object-reader.ts'
import type { Scope } from '../scope.ts'

/** What a change made: the object in the version of the request, and how it stands in the store unless it was a dry run. */
export type Written = { object: KubeObject; entry?: Entry; created: boolean }

/** Where `name` stands in the store. */
export function keyIn({ resource, cluster, namespace }: Scope, name: string): ObjectKey {
  return { resource: resource.storage, cluster, namespace: resource.namespaced ? namespace : '', name }
}

/** Marks an object with its logical cluster (contract 2.1), in place, whatever the client said. */
export function markCluster({ cluster, deps: { clusterAnnotation } }: Scope, object: KubeObject): void {
  const { annotations } = object.metadata
  if (annotations?.[clusterAnnotation] === cluster) return
  object.metadata.annotations = { ...annotations, [clusterAnnotation]: cluster }
}

/** The object as it will be stored. */
export function toStored({ resource, version }: Scope, object: KubeObject): KubeObject {
  const stored = toApiVersion(resource, object, storedApiVersion(resource))
  if (resource.builtIn || version.name === resource.storageVersion) return stored
  // As when kube-apiserver reads it back: what the storage version does not have is lost, and its defaults are there.
  const copy = deepClone(stored)
  const schema = resource.versions.get(resource.storageVersion)?.schema
  schema?.prune(copy as JsonObject)
  schema?.applyDefaults(copy as JsonObject)
  return copy
}

/** `object` stays as it is but for its resourceVersion, which it gets. */
export function encoder(scope: Scope, object: KubeObject): (revision: number) => Buffer {
  return (revision) => {
    object.metadata.resourceVersion = String(revision)
    const stored = toStored(scope, object)
    stored.metadata.resourceVersion = object.metadata.resourceVersion
    return encodeObject(stored)
  }
}

/** Throws StatusError 409 when there is one of that name. */
export function saveNew(scope: Scope, object: KubeObject): Entry {
  const name = object.metadata.name ?? ''
  scope.deps.reader.meet(scope.version)
  try {
    return scope.deps.store.create(keyIn(scope, name), encoder(scope, object))
  } catch (error) {
    if (error instanceof ExistsError) throw alreadyExists(scope, name)
    throw error
  }
}

/** Why a create of `name` fails; one that is on its way out is told apart. */
export function alreadyExists(scope: Scope, name: string): StatusError {
  const error = StatusError.alreadyExists(scope.resource, name)
  const entry = scope.deps.store.get(keyIn(scope, name))
  if (entry === undefined) return error
  const { metadata } = parseOwnJson<KubeObject>(entry.bytes)
  if (metadata.deletionTimestamp === undefined) return error
  return new StatusError(error.code, error.reason, `object is being deleted: ${error.message}`, error.details)
}

/** As the API names the version that is asked for. */
export function requestApiVersion({ resource, version }: Scope): string {
  return apiVersionOf(resource.group, version.name)
}
