import type { JsonObject, KubeObject, ObjectMeta } from '../objects.ts'

/** Versions of meta.k8s.io in which metadata and tables can be asked for. */
export type MetaVersion = 'v1' | 'v1beta1'
/** Of lists. */
export type ListMeta = { resourceVersion?: string; continue?: string; remainingItemCount?: number }

export type PartialObjectMetadata = { kind: 'PartialObjectMetadata'; apiVersion: string; metadata: ObjectMeta }

/** An object's metadata alone. It shares them with the object. */
export function partialMetadata(object: KubeObject, version: MetaVersion = 'v1'): PartialObjectMetadata {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}

export function partialMetadataList(
  objects: readonly KubeObject[],
  listMeta: ListMeta,
  version: MetaVersion = 'v1',
): JsonObject {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMetaOf(listMeta),
    items: objects.map((object) => partialMetadata(object, version)) as unknown as JsonObject[],
  }
}

/** What is empty is left out. */
export function listMetaOf({ resourceVersion, continue: token, remainingItemCount }: ListMeta): JsonObject {
  return {
    ...(resourceVersion && { resourceVersion }),
    ...(token && { continue: token }),
    ...(remainingItemCount !== undefined && { remainingItemCount }),
  }
}
