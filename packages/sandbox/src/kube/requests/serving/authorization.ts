import type { Attributes } from '../../authorizer.ts'
import { forbidden } from '../../authz/mod.ts'
import type { ServerDeps } from '../scope.ts'
import type { ApiRequest } from '../types.ts'

/** What the authorizer is asked about a request. */
export function attributesOf({ cluster, user, info }: ApiRequest): Attributes {
  const { verb, group, version, resource, subresource, namespace, name, path, isResourceRequest } = info
  return { cluster, user, verb, group, version, resource, subresource, namespace, name, path, isResourceRequest }
}

/** Throws StatusError 403 in kube-apiserver's words. */
export function authorize({ authorizer }: Pick<ServerDeps, 'authorizer'>, attributes: Attributes): void {
  const { allowed, reason } = authorizer.authorize(attributes)
  if (!allowed) throw forbidden(attributes, reason)
}
