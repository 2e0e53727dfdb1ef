import type { KubeObject } from '../../objects.ts'
import { trackFields } from '../../patch/mod.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { requestApiVersion } from './saving.ts'

/** A new or changed object with the managedFields that it gets by that. */
export function track(
  scope: Scope,
  next: KubeObject,
  old: KubeObject | undefined,
  { manager }: WriteOptions,
): KubeObject {
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
