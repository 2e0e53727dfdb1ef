import { StatusError } from '../../errors.ts'
import type { HttpRequest, HttpResponse } from '../../http.ts'
import type { Resource } from '../../resource.ts'
import { negotiateOutput } from '../decoding/media-types.ts'
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
  const scopes = candidates(deps, request).flatMap((found): Scope[] => {
    const served = found.versions.get(version)
    if (served?.served !== true) return []
    const within = found.namespaced ? namespace : ''
    const scope: Scope = { deps, resource: found, version: served, cluster, user, subresource, namespace: within }
    return [restriction === undefined ? scope : { ...scope, restriction }]
  })
  const [first, ...siblings] = scopes
  if (first === undefined) return missing(deps, cluster, group)
  const scope = siblings.length > 0 ? { ...first, siblings } : first
  if (isPlaced(scope, info)) return scope
  // A collection over all namespaces is a path of its own, which built-in types can only list and watch.
  if (scope.resource.builtIn && scope.resource.namespaced && info.name === '') throw methodNotAllowed(scope, verb)
  return missing(deps, cluster, group)
}

/** The type itself; of types that are not the same everywhere, the metadata of all of them can be had. */
function candidates({ catalog }: ServerDeps, { cluster, info, http }: ApiRequest): Resource[] {
  const { group, resource, identity } = info
  const found = catalog.find(cluster, group, resource, identity)
  if (found !== undefined) return [found]
  if (cluster !== '*' || identity !== undefined || !wantsMetadata(http)) return []
  const all = catalog.list(cluster).filter((each) => each.group === group && each.resource === resource)
  return [...new Map(all.map((each) => [each.storage, each])).values()]
}

function wantsMetadata(http: HttpRequest): boolean {
  return negotiateOutput(http, true).shape.as.startsWith('PartialObjectMetadata')
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
