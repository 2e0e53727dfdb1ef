import type { Place } from './objects.ts'

/** Which virtual workspace of a kcp is asked (contract 1.13). */
export type ExportOf = { cluster: string; name: string }

export type ApiRequest = {
  method: string
  /** Whose virtual workspace is asked; undefined: a logical cluster itself, or a plain API server. */
  through: ExportOf | undefined
  /** Of one object, or with `name` '' of a collection; `namespace` undefined: of all, or cluster-scoped; `cluster` as it was asked for, or `*`. */
  place: Place
  /** Where the resource is served: `v1`, or `group/version`. */
  version: string
  subresource: string | undefined
  query: URLSearchParams
  contentType: string
  metadataOnly: boolean
  body: Record<string, unknown>
  /** What is served in the version of the group is asked for. */
  isDiscovery: boolean
}

export type Sent = { method: string; path: string; headers: Record<string, string>; body?: string | undefined }

/** @throws {TypeError} for a path that this model of a server does not know */
export function parseRequest({ method, path, headers, body }: Sent): ApiRequest {
  // A URL object costs more than all the rest.
  const [pathname = '', search] = path.split('?')
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const through = parts[0] === 'services' ? exportOf(parts.splice(0, 4)) : undefined
  const cluster = parts[0] === 'clusters' ? parts.splice(0, 2)[1] : undefined
  const root = parts.shift()
  if (root !== 'api' && root !== 'apis') throw new TypeError(`no such path: ${path}`)
  const group = root === 'api' ? '' : (parts.shift() ?? '')
  const version = parts.shift() ?? ''
  const namespace = parts[0] === 'namespaces' && parts.length > 2 ? parts.splice(0, 2)[1] : undefined
  const isDiscovery = parts.length === 0
  const [plural = '', name = '', subresource] = parts
  return {
    method,
    through,
    place: { cluster, resource: group === '' ? plural : `${plural}.${group}`, namespace, name },
    version: group === '' ? version : `${group}/${version}`,
    subresource,
    query: new URLSearchParams(search),
    contentType: headers['content-type'] ?? '',
    metadataOnly: (headers['accept'] ?? '').includes('as=PartialObjectMetadata'),
    body: body === undefined ? {} : (JSON.parse(body) as Record<string, unknown>),
    isDiscovery,
  }
}

/** Of `services/apiexport/<cluster>/<name>`. */
function exportOf([, , cluster = '', name = '']: string[]): ExportOf {
  return { cluster, name }
}
