import { parseJson, stringifyJson } from '@resource-broker/json'
import { CRD_STORAGE } from '../../kube/crds/mod.ts'
import type { HttpRequest, HttpResponse, StreamSink } from '../../kube/http.ts'
import { type ApiRequest, createApiServer } from '../../kube/requests/mod.ts'
import type { Catalog, Resource } from '../../kube/resource.ts'
import { CLUSTER_ANNOTATION, WILDCARD } from '../names.ts'
import type { ShardRuntime } from './runtime.ts'

const PARTIAL = /;\s*as=PartialObjectMetadata(List)?\b/
/** Pages of several types cannot be told apart by one token, so all comes at once. */
const PAGING = ['limit', 'continue']

type List = { items?: object[] }

/**
 * Whether a wildcard request is for the metadata of a type that is bound or defined in logical clusters: it needs no identity, since
 * metadata is the same whatever the schema (contract 1.11).
 */
export function isMetadataEverywhere({ services }: ShardRuntime, { cluster, info, http }: ApiRequest): boolean {
  if (cluster !== WILDCARD || !info.isResourceRequest || info.identity !== undefined) return false
  if (!PARTIAL.test(http.headers['accept'] ?? '')) return false
  return services.catalog().find(WILDCARD, info.group, info.resource) === undefined
}

/** Answers such a request over all types of that name on the shard. Throws StatusError 404 where there is none. */
export async function metadataEverywhere(runtime: ShardRuntime, request: ApiRequest): Promise<HttpResponse> {
  const types = typesNamed(runtime, request)
  if (types.length === 0) return runtime.server.handle(request)
  const { store, authorizer, now, log } = runtime.services
  const { admission } = runtime
  const http = types.length === 1 ? request.http : withoutPaging(request.http)
  const answers = await Promise.all(
    types.map((type) => {
      const server = createApiServer({
        ...{ store, authorizer, admission, now, log, catalog: catalogOf(type), clusterAnnotation: CLUSTER_ANNOTATION },
      })
      return server.handle({ ...request, http })
    }),
  )
  return answers.length === 1 ? answers[0]! : joined(answers)
}

function typesNamed({ services, bound }: ShardRuntime, { info: { group, resource } }: ApiRequest): Resource[] {
  const { store, localCrds } = services
  const isNamed = (type: Resource) => type.group === group && type.resource === resource
  const defined = [...store.clusters(CRD_STORAGE)].flatMap((cluster) => localCrds.find(cluster, group, resource) ?? [])
  const types = [...bound.all.filter(isNamed), ...defined]
  return [...new Map(types.map((type) => [type.storage, type])).values()]
}

function catalogOf(type: Resource): Catalog {
  return { list: () => [type], find: () => type, generation: () => 0 }
}

function withoutPaging(http: HttpRequest): HttpRequest {
  const query = new URLSearchParams(http.query)
  for (const name of PAGING) query.delete(name)
  return { ...http, query }
}

function joined(answers: readonly HttpResponse[]): HttpResponse {
  const [first] = answers
  const streams = answers.flatMap((answer) => ('stream' in answer ? [answer.stream] : []))
  if (streams.length > 0) return { ...first!, stream: (sink) => joinStreams(streams, sink) }
  const lists = answers.map((answer) => parseJson('body' in answer ? answer.body.toString() : '{}') as List)
  const items = lists.flatMap((list) => list.items ?? [])
  return { ...first!, body: `${stringifyJson({ ...lists[0], items })}\n` }
}

/** One stream of all events; it ends when the first of its parts does. */
function joinStreams(streams: readonly ((sink: StreamSink) => void)[], sink: StreamSink): void {
  const listeners: (() => void)[] = []
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    for (const listener of listeners) listener()
  }
  sink.onClose(close)
  const part: StreamSink = {
    write: (chunk) => {
      if (isOpen) sink.write(chunk)
    },
    end: () => {
      if (!isOpen) return
      close()
      sink.end()
    },
    get pending() {
      return sink.pending
    },
    onClose: (listener) => void listeners.push(listener),
  }
  for (const stream of streams) stream(part)
}
