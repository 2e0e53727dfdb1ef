import type { Shape } from '../decoding/media-types.ts'
import { tableFor } from '../encoding/tables.ts'
import { apiVersionOf } from '../object-reader.ts'
import type { Scope } from '../scope.ts'

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** An object that holds nothing but a resourceVersion up to which the client knows everything. */
export function bookmark(scope: Scope, shape: Shape, revision: number, endsInitialEvents: boolean): object {
  const { resource, version } = scope
  const metadata = {
    resourceVersion: String(revision),
    ...(endsInitialEvents && { annotations: { [INITIAL_EVENTS_END]: 'true' } }),
  }
  const object = { kind: resource.kind, apiVersion: apiVersionOf(resource.group, version.name), metadata }
  if (shape.as === 'Object') return object
  if (shape.as === 'Table') {
    const listMeta = { resourceVersion: metadata.resourceVersion }
    return tableFor(scope, shape, [object], { listMeta, noHeaders: true })
  }
  return { ...object, kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${shape.version}` }
}
