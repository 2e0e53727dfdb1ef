import { verbsOfOwn } from '../../discovery/mod.ts'
import { StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import { JSON_TYPE, negotiateOutput } from '../decoding/media-types.ts'
import { answer } from '../encoding/answers.ts'
import { getObject } from '../reading/get.ts'
import { listObjects } from '../reading/list.ts'
import type { Call, Scope, ServerDeps } from '../scope.ts'
import type { ApiRequest } from '../types.ts'
import { type WatchDeps, watchObjects } from '../watching/watch.ts'
import { ownSubresource } from '../writing/subresources.ts'
import { collectionDeletion, deletion } from './deletions.ts'
import { methodNotAllowed, resolve } from './resolving.ts'
import { warningHeader } from './warning-header.ts'
import { creation, patching, replacement } from './writes.ts'

const BY_NAME = ['get', 'update', 'patch', 'delete']
const OF_SUBRESOURCE = ['get', 'update', 'patch']

/** Answers a request at a resource. Throws StatusError. */
export async function answerResourceRequest(
  deps: ServerDeps,
  watches: WatchDeps,
  request: ApiRequest,
): Promise<HttpResponse> {
  const scope = resolve(deps, request)
  if ('status' in scope) return scope
  checkMethod(scope, request)
  const { deprecationWarning } = scope.version
  const call = { scope, request, warnings: deprecationWarning === undefined ? [] : [deprecationWarning] }
  return withWarnings(await dispatch(call, watches).catch((error) => refusal(error, call)), call.warnings)
}

/** An error that comes after warnings is answered with them. */
function refusal(error: unknown, { warnings }: Call): HttpResponse {
  if (!(error instanceof StatusError) || warnings.length === 0) throw error
  return answer({ mediaType: JSON_TYPE, pretty: false }, error.status, error.code)
}

async function dispatch(call: Call, watches: WatchDeps): Promise<HttpResponse> {
  const { scope, request } = call
  const { info, http } = request
  const output = negotiateOutput(http, scope.resource.builtIn, info.verb === 'list' || info.verb === 'watch')
  switch (info.verb) {
    case 'get':
      return getObject(scope, info.name, http.query, output)
    case 'list':
      return listObjects(scope, http.query, info.name, output)
    case 'watch':
      return watchObjects(scope, http.query, info.name, output, watches)
    case 'create':
      return creation(call, output)
    case 'update':
      return replacement(call, output)
    case 'patch':
      return patching(call, output)
    case 'delete':
      return deletion(call, output)
    case 'deletecollection':
      return collectionDeletion(call, output)
    default:
      throw methodNotAllowed(scope, info.verb)
  }
}

/** Throws StatusError 404 for an unknown subresource, 405 for a verb that there is not. */
function checkMethod(scope: Scope, { info, http }: ApiRequest): void {
  const { resource, version, subresource } = scope
  // Routes of built-in types are registered by method; custom resources have one handler for all, which takes it for a GET.
  if (http.method === 'HEAD' && resource.builtIn) throw methodNotAllowed(scope, 'head')
  const { verb, name } = info
  if (subresource === '') {
    const named = verb === 'create' && name !== '' && scope.resource.builtIn
    // A create of a type that goes is refused later, in words of its own.
    const allowed = (resource.verbs as readonly string[]).includes(verb) || (resource.isEnding && verb === 'create')
    const nameless = BY_NAME.includes(verb) && name === ''
    if (nameless && !resource.builtIn) throw StatusError.badRequest('name must be provided')
    if (!allowed || named || nameless) throw methodNotAllowed(scope, verb)
    return
  }
  const own = ownSubresource(scope)
  const known = own !== undefined || (subresource === 'status' && version.status) || isScale(scope)
  if (!known) throw resource.builtIn ? StatusError.noSuchPath() : StatusError.notFound(resource, name)
  const verbs = own === undefined ? OF_SUBRESOURCE : verbsOfOwn(own)
  if (!verbs.includes(verb) || (BY_NAME.includes(verb) && name === '')) throw methodNotAllowed(scope, verb)
}

function isScale({ version, subresource }: Scope): boolean {
  return subresource === 'scale' && version.scale !== undefined
}

function withWarnings(response: HttpResponse, warnings: readonly string[]): HttpResponse {
  if (warnings.length === 0) return response
  return { ...response, headers: { ...response.headers, warning: warningHeader(warnings) } }
}
