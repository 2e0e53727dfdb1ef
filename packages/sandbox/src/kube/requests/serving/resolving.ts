import { StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import type { Scope, ServerDeps } from '../scope.ts'
import type { ApiRequest } from '../types.ts'

/** Finds the type that a request is about; a response when there is none. Throws StatusError. */
export function resolve(deps: ServerDeps, request: ApiRequest): Scope | HttpResponse {
  const { cluster, user, info, restriction } = request
  const { group, version, resource, identity, subresource, namespace, verb } = info
  if (cluster === '*' && verb !== 'list' && verb !== 'watch') {
    const { code, reason, message, details } = StatusError.methodNotAllowed({ group, resource }, verb)
    throw new StatusError(code, reason, `${message} in the \`*\` logical cluster`, details)
  }
  if (identity === '') throw StatusError.internal(`invalid identity of resource ${resource}: it is empty`)
  const found = deps.catalog.find(cluster, group, resource, identity)
  const served = found?.versions.get(version)
  if (found === undefined || served?.served !== true) return missing(deps, cluster, group)
  const scope: Scope = {
    ...{ deps, resource: found, version: served, cluster, user, subresource },
    namespace: found.namespaced ? namespace : '',
    ...(restriction !== undefined && { restriction }),
  }
  if (isPlaced(scope, info)) return scope
  // A collection over all namespaces is a path of its own, which built-in types can only list and watch.
  if (scope.resource.builtIn && scope.resource.namespaced && info.name === '') throw methodNotAllowed(scope, verb)
  return missing(deps, cluster, group)
}

/** Whether a request names a namespace where the type needs one, and none where it has none. */
function isPlaced({ resource }: Scope, { verb, namespace, resource: plural, name }: ApiRequest['info']): boolean {
  if (resource.namespaced) return namespace !== '' || verb === 'list' || verb === 'watch'
  const isItself = resource.group === '' && plural === 'namespaces' && namespace === name
  return namespace === '' || isItself
}

/** A path that nothing serves: in a group of built-in types it is answered in JSON, elsewhere in plain text. */
function missing({ catalog }: ServerDeps, cluster: string, group: string): HttpResponse {
  const builtIn = catalog.list(cluster).some((resource) => resource.builtIn && resource.group === group)
  if (builtIn) throw StatusError.noSuchPath()
  return pageNotFound()
}

export function pageNotFound(): HttpResponse {
  return { status: 404, contentType: 'text/plain; charset=utf-8', body: '404 page not found\n' }
}

/** A method that a path does not have. */
export function methodNotAllowed({ resource }: Scope, verb: string): StatusError {
  if (!resource.builtIn) return StatusError.methodNotAllowed(resource, verb)
  return new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}
