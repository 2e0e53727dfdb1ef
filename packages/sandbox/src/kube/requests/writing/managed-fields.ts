import type { KubeObject } from '../../objects.ts'
import { trackFields } from '../../patch/mod.ts'
import { goShape } from '../../protobuf/go-shape.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { requestApiVersion } from './saving.ts'

/** A new or changed object with the managedFields that it gets by that. */
export function track(
  scope: Scope,
  next: KubeObject,
  old: KubeObject | undefined,
  { manager }: WriteOptions,
): KubeObject {
  const { builtIn, resource } = scope.resource
  // A field that an update empties but Go still writes, as `null`, is owned.
  if (builtIn && old !== undefined) goShape(next, resource !== 'customresourcedefinitions')
  const managedFields = trackFields({
    ...(old !== undefined && { old }),
    next,
    manager,
    subresource: scope.subresource,
    now: scope.deps.now(),
    schema: scope.version.schema,
    apiVersion: requestApiVersion(scope),
    resource: scope.resource,
  })
  const { managedFields: _, ...metadata } = next.metadata
  return { ...next, metadata: managedFields.length === 0 ? metadata : { ...metadata, managedFields } }
}
