import type { JsonObject } from '../objects.ts'
import { metaSchemas, resolver } from './builtin-data.ts'
import { prune } from './prune.ts'
import { type Structural, structuralOf } from './structural.ts'

let objectMeta: Structural | undefined

/** Drops what ObjectMeta does not have from the metadata of an object at `path`, in place; answers the paths. */
export function pruneMetadata(object: JsonObject, path = ''): string[] {
  const { metadata } = object
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return []
  objectMeta ??= objectMetaNode()
  const unknown = prune(metadata, objectMeta, false)
  if (metadata['creationTimestamp'] === null) delete metadata['creationTimestamp']
  return unknown.map((field) => `${path === '' ? '' : `${path}.`}metadata.${field}`)
}

function objectMetaNode(): Structural {
  const resolve = resolver('', '')
  const schema = metaSchemas()['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'] ?? {}
  return structuralOf(schema, (given) => {
    const target = resolve(given)
    const opaque =
      target.type === 'object' && target.properties === undefined && target.additionalProperties === undefined
    return opaque ? { 'x-kubernetes-preserve-unknown-fields': true } : target
  })
}
