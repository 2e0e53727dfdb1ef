import { StatusError } from '../../errors.ts'
import { deepClone } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import { trackFields } from '../../patch/mod.ts'
import type { Subresource } from '../../resource.ts'
import { builtInSchema } from '../../schema/builtin.ts'
import { apiVersionOf } from '../object-reader.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { requireVisible } from '../visible-entry.ts'
import { track } from './managed-fields.ts'
import type { Written } from './saving.ts'
import { contextOf } from './strategy.ts'
import { updateObject } from './update.ts'

/** The type's own subresource that is asked for, such as `token`. */
export function ownSubresource({ resource, subresource }: Scope): Subresource | undefined {
  return resource.subresources?.find(({ name }) => name === subresource)
}

/** Answers a create at a subresource; the parent is read only. Throws StatusError. */
export function createAtSubresource(
  scope: Scope,
  name: string,
  body: KubeObject,
  own: Subresource,
  { manager }: WriteOptions,
): KubeObject {
  const parent = scope.deps.reader.object(scope.resource, scope.version, requireVisible(scope, name))
  if (own.create === undefined) throw StatusError.methodNotAllowed(scope.resource, 'create')
  const answer = own.create(parent, body, contextOf(scope))
  const managedFields = trackFields({
    ...{ next: body, manager, subresource: own.name, now: scope.deps.now() },
    schema: builtInSchema(own.group, own.version, own.kind),
    apiVersion: apiVersionOf(own.group, own.version),
  })
  if (managedFields.length === 0) return answer
  return { ...answer, metadata: { ...answer.metadata, managedFields } }
}

/** Changes the parent by what was sent to a subresource: a body, or what a patch makes of the parent. Throws StatusError. */
export function updateBySubresource(
  scope: Scope,
  name: string,
  bodyOf: (parent: KubeObject) => KubeObject,
  own: Subresource,
  options: WriteOptions,
): Written {
  const { update } = own
  if (update === undefined) throw StatusError.methodNotAllowed(scope.resource, 'update')
  const change = (old: KubeObject | undefined): KubeObject => {
    if (old === undefined) throw StatusError.notFound(scope.resource, name)
    const body = bodyOf(old)
    const next = deepClone(old)
    const { resourceVersion } = body.metadata
    if (resourceVersion !== undefined) next.metadata.resourceVersion = resourceVersion
    update(next, body, contextOf(scope))
    return track(scope, next, old, options)
  }
  return updateObject(scope, name, change, options)
}
