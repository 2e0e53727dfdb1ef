import type { RequestInfo } from './types.ts'

const VERBS: Readonly<Record<string, RequestInfo['verb']>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])
const NAME_SELECTOR = /^metadata\.name={1,2}([^=,!]+)$/

/** Takes a path apart as Kubernetes' RequestInfoFactory does, and the `resource:identity` form of kcp (contract 1.12). */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const none: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase() as RequestInfo['verb'],
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  }
  const segments = path.split('/').filter((segment, index, all) => segment !== '' || !isEdge(index, all.length))
  const [prefix, ...rest] = segments
  if (prefix === 'api' && rest.length >= 2) return resourceInfo(none, method, '', rest, query)
  if (prefix === 'apis' && rest.length >= 3) return resourceInfo(none, method, rest[0]!, rest.slice(1), query)
  return none
}

function isEdge(index: number, length: number): boolean {
  return index === 0 || index === length - 1
}

/** `parts` begin with the version. */
function resourceInfo(
  none: RequestInfo,
  method: string,
  group: string,
  parts: readonly string[],
  query: URLSearchParams,
): RequestInfo {
  const [version = '', ...below] = parts
  const watchPrefix = below[0] === 'watch' && below.length > 1
  const { namespace, own } = splitNamespace(watchPrefix ? below.slice(1) : below)
  const [resource = '', name = '', subresource = ''] = own
  const [plural = '', identity] = splitIdentity(resource)
  const info: RequestInfo = {
    ...none,
    isResourceRequest: true,
    verb: watchPrefix ? 'watch' : (VERBS[method] ?? none.verb),
    group,
    version,
    resource: plural,
    ...(identity !== undefined && { identity }),
    subresource,
    namespace,
    name,
  }
  return name === '' ? collectionInfo(info, query) : info
}

function splitNamespace(parts: readonly string[]): { namespace: string; own: readonly string[] } {
  const [first, namespace = '', third] = parts
  if (first !== 'namespaces') return { namespace: '', own: parts }
  const inside = third !== undefined && !NAMESPACE_SUBRESOURCES.has(third)
  return { namespace, own: inside ? parts.slice(2) : parts }
}

function splitIdentity(resource: string): [string, string?] {
  const colon = resource.indexOf(':')
  return colon < 0 ? [resource] : [resource.slice(0, colon), resource.slice(colon + 1)]
}

/** A get without a name is a list or a watch; a delete without one is a deletecollection. */
function collectionInfo(info: RequestInfo, query: URLSearchParams): RequestInfo {
  if (info.verb === 'delete') return { ...info, verb: 'deletecollection' }
  if (info.verb !== 'get' && info.verb !== 'watch') return info
  const isWatch = info.verb === 'watch' || isTrue(query.get('watch'))
  const name = NAME_SELECTOR.exec(query.get('fieldSelector') ?? '')?.[1] ?? ''
  return { ...info, verb: isWatch ? 'watch' : 'list', name: name.includes('/') ? '' : name }
}

/** As kube-apiserver reads the booleans of its query parameters: anything but a clear no. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}
