import { StatusError } from '../../errors.ts'
import type { HttpRequest, HttpResponse } from '../../http.ts'
import type { DocumentedGroups } from '../../openapi/mod.ts'
import type { Catalog } from '../../resource.ts'
import { JSON_TYPE, negotiateOutput, parseAccept } from '../decoding/media-types.ts'
import { answer } from '../encoding/answers.ts'
import type { ApiRequest } from '../types.ts'
import { type Document, Documents } from './documents.ts'
import { healthAnswer } from './health.ts'
import { pageNotFound } from './resolving.ts'
import { VERSION } from './version.ts'

/** What answers in gnostic's form say; requests may also name the old form, whose `@` is no valid media type. */
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const V2_PROTOBUF_NAMES = [V2_PROTOBUF, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf']
const ROOT_PATHS = [
  '/.well-known/openid-configuration',
  '/api',
  '/api/v1',
  '/apis',
  '/apis/',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
]

/** Answers what is not about a resource: discovery, OpenAPI, health and version. */
export class NonResourceRequests {
  private readonly documents: Documents

  constructor(catalog: Catalog, documented: DocumentedGroups) {
    this.documents = new Documents(catalog, documented)
  }

  /** Throws StatusError. */
  answer({ cluster, info, http }: ApiRequest): HttpResponse {
    const path = info.path.length > 1 ? info.path.replace(/\/+$/, '') : info.path
    // The list of groups is handed out whatever the method.
    if (path === '/apis') return this.discovery(cluster, path, http)
    if (http.method !== 'GET' && http.method !== 'HEAD') throw methodNotAllowed()
    if (path === '/') return answer(negotiateOutput(http, true), { paths: ROOT_PATHS })
    if (path === '/version') return answer({ mediaType: JSON_TYPE, pretty: true }, VERSION)
    if (/^\/(livez|readyz|healthz)(\/|$)/.test(path)) return healthAnswer(path, http.query)
    if (/^\/apis?(\/|$)/.test(path)) return this.discovery(cluster, path, http)
    if (path === '/openapi/v2') return this.openApiV2(cluster, http)
    if (path === '/openapi/v3')
      return conditional(http, this.documents.openApiV3Index(cluster), 'text/plain; charset=utf-8')
    if (path.startsWith('/openapi/v3/')) return this.openApiV3(cluster, path.slice('/openapi/v3/'.length), http)
    return pageNotFound()
  }

  private discovery(cluster: string, path: string, http: HttpRequest): HttpResponse {
    const version = path === '/api' || path === '/apis' ? aggregatedVersion(http.headers['accept'] ?? '') : undefined
    if (version !== undefined) {
      const document = this.documents.aggregated(cluster, path.slice(1) as 'api' | 'apis', version)
      const type = `${JSON_TYPE};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
      return conditional(http, document, type, { vary: 'Accept' })
    }
    const output = negotiateOutput(http, true)
    const document = this.documents.discovery(cluster, path)
    if (document === undefined && path.startsWith('/api/')) throw StatusError.noSuchPath()
    if (document === undefined) return pageNotFound()
    return answer(output, document.bytes)
  }

  private openApiV2(cluster: string, http: HttpRequest): HttpResponse {
    const clauses = parseAccept(http.headers['accept'] ?? '')
    const protobuf = clauses.some(({ type }) => V2_PROTOBUF_NAMES.includes(type))
    const document = this.documents.openApiV2(cluster, protobuf)
    return conditional(http, document, protobuf ? V2_PROTOBUF : JSON_TYPE, { vary: 'Accept' })
  }

  private openApiV3(cluster: string, path: string, http: HttpRequest): HttpResponse {
    const document = this.documents.openApiV3(cluster, path)
    if (document === undefined) return { status: 404, contentType: '', body: '' }
    return conditional(http, document, JSON_TYPE, { vary: 'Accept' })
  }
}

/** The version of apidiscovery.k8s.io that a client prefers over plain discovery; undefined for plain. */
function aggregatedVersion(accept: string): 'v2' | undefined {
  for (const { type, params } of parseAccept(accept)) {
    if (type !== JSON_TYPE && type !== '*/*' && type !== 'application/*') continue
    if (params.get('as') === undefined) return undefined
    const version = params.get('v')
    const known = params.get('g') === 'apidiscovery.k8s.io' && params.get('as') === 'APIGroupDiscoveryList'
    if (known && version === 'v2') return version
  }
  return undefined
}

/** A document, or 304 when the client has it. */
function conditional(
  { headers }: HttpRequest,
  { bytes, etag }: Document,
  contentType: string,
  extra: Readonly<Record<string, string>> = {},
): HttpResponse {
  const tagged = { ...extra, etag: `"${etag}"` }
  const has = (headers['if-none-match'] ?? '').split(',').some((tag) => tag.trim() === `"${etag}"`)
  if (has) return { status: 304, headers: tagged, body: '' }
  return { status: 200, headers: tagged, contentType, body: bytes }
}

function methodNotAllowed(): StatusError {
  return new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
}
