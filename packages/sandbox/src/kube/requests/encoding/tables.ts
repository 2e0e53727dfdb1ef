import type { JsonObject, KubeObject } from '../../objects.ts'
import { type ListMeta, tableOf } from '../../table/mod.ts'
import type { Shape } from '../decoding/media-types.ts'
import type { Scope } from '../scope.ts'

/** A Table of objects in the version of meta.k8s.io that the client wants. */
export function tableFor(
  { resource, version, deps }: Scope,
  { includeObject, version: metaVersion }: Extract<Shape, { as: 'Table' }>,
  objects: readonly KubeObject[],
  options: { listMeta?: ListMeta; noHeaders?: boolean } = {},
): JsonObject {
  return tableOf(resource, version, objects, { now: deps.now(), includeObject, metaVersion, ...options })
}
