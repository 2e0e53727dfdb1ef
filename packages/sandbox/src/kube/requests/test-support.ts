import { parseJson, stringifyJson } from '@resource-broker/json'
import { openStore, type Store } from '../../store/mod.ts'
import type { Authorizer } from '../authorizer.ts'
import { builtInResources } from '../builtin/mod.ts'
import { type Controller, kubeControllers, NamespaceLifecycle } from '../controllers/mod.ts'
import { crdController, LocalCrds } from '../crds/mod.ts'
import { StatusError } from '../errors.ts'
import type { HttpResponse, StreamSink } from '../http.ts'
import type { JsonObject } from '../objects.ts'
import type { Catalog, Resource } from '../resource.ts'
import type { UserInfo } from '../user.ts'
import { type ApiServer, createApiServer, parseRequestInfo } from './mod.ts'

/** What a test sees of an answer; `lines` are those of a watch. */
export type Answer = {
  status: number
  contentType: string
  headers: Readonly<Record<string, string>>
  text: string
  body: JsonObject
}

export type Send = { body?: unknown; headers?: Record<string, string>; cluster?: string }

const MERGE = { 'content-type': 'application/merge-patch+json' }
const everything: Authorizer = { authorize: () => ({ allowed: true, reason: '' }) }
const ALICE: UserInfo = { username: 'alice', groups: ['system:masters'], extra: {} }

/** A plain assembly: built-in types, definitions and Kubernetes' own controllers over a store in memory. */
export class TestServer {
  readonly store: Store
  readonly server: ApiServer
  readonly controllers: readonly Controller[]
  readonly catalog: Catalog
  readonly resources: readonly Resource[]
  readonly troubles: unknown[] = []

  private constructor(store: Store, authorizer: Authorizer) {
    this.store = store
    const crds = new LocalCrds(store)
    const resources = builtInResources({ authorizer } as Parameters<typeof builtInResources>[0])
    const named = (name: string) => resources.find(({ resource }) => resource === name)!
    this.resources = resources
    this.catalog = {
      list: (cluster) => [...resources, ...crds.list(cluster)],
      find: (cluster, group, resource) =>
        resources.find((each) => each.group === group && each.resource === resource) ??
        crds.find(cluster, group, resource),
      generation: (cluster) => crds.generation(cluster),
    }
    const log = { warn: (fields: object) => void this.troubles.push(fields) }
    const admission = [new NamespaceLifecycle(store)]
    this.server = createApiServer({
      ...{ store, catalog: this.catalog, authorizer, admission, log, clusterAnnotation: 'kcp.io/cluster' },
    })
    const client = (cluster: string) => this.server.client(cluster, { ...ALICE, username: 'system:apiserver' })
    const types = {
      namespaces: named('namespaces'),
      serviceAccounts: named('serviceaccounts'),
      configMaps: named('configmaps'),
      secrets: named('secrets'),
      events: named('events'),
      clusterRoles: named('clusterroles'),
    }
    const own = { store, log, client, now: () => new Date() }
    this.controllers = [
      crdController({ ...own, crds, definitions: named('customresourcedefinitions') }),
      ...kubeControllers({ ...own, catalog: this.catalog, types, rootCa: 'PEM', issueToken: () => 'token' }),
    ]
  }

  /** With a namespace `default` in the logical cluster `one`; without `controllers`, only definitions come alive. */
  static async start({ authorizer = everything, controllers = true } = {}): Promise<TestServer> {
    const server = new TestServer(await openStore({}), authorizer)
    for (const controller of controllers ? server.controllers : server.controllers.slice(0, 1)) controller.start()
    await server.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'default' } } })
    await server.settled()
    return server
  }

  stop(): void {
    for (const controller of this.controllers) controller.stop()
  }

  /** Resolves when the controllers have nothing left to do at once. */
  async settled(): Promise<void> {
    let revision: number
    do {
      revision = this.store.revision
      for (const controller of this.controllers) await controller.idle()
    } while (revision !== this.store.revision)
  }

  async send(method: string, url: string, send: Send = {}): Promise<Answer> {
    const response = await this.respond(method, url, send)
    const text = 'body' in response ? response.body.toString() : ''
    const { status, contentType = '', headers = {} } = response
    return { status, contentType, headers, text, body: text.startsWith('{') ? parseJson(text) : {} }
  }

  patch(url: string, body: unknown): Promise<Answer> {
    return this.send('PATCH', url, { body, headers: MERGE })
  }

  /** Starts a watch; its events come into the answer's `events`. */
  async watch(url: string, send: Send = {}): Promise<Watched> {
    const response = await this.respond('GET', url, send)
    if (!('stream' in response)) throw new Error(`no watch: ${response.status} ${response.body}`)
    const watched = new Watched()
    response.stream(watched.sink)
    return watched
  }

  private async respond(method: string, url: string, { body, headers, cluster = 'one' }: Send): Promise<HttpResponse> {
    const { pathname, searchParams } = new URL(url, 'http://sandbox')
    const path = decodeURIComponent(pathname)
    const bytes = Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : stringifyJson(body))
    const http = {
      ...{ method, path, query: searchParams, credentials: {}, signal: new AbortController().signal },
      headers: {
        'user-agent': 'kubectl/v1.34.4',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: async () => bytes,
    }
    const info = parseRequestInfo(method, path, searchParams)
    try {
      return await this.server.handle({ cluster, user: ALICE, info, http })
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      return { status: error.code, contentType: 'application/json', body: stringifyJson(error.status) }
    }
  }
}

/** The other side of a watch. */
export class Watched {
  readonly events: { type: string; object: JsonObject & { metadata: JsonObject } }[] = []
  ended = false
  private readonly waiting: (() => void)[] = []
  private closed: (() => void)[] = []

  readonly sink: StreamSink = {
    write: (chunk) => {
      for (const line of chunk.toString().trimEnd().split('\n')) this.events.push(parseJson(line))
    },
    end: () => {
      this.ended = true
      for (const resolve of this.waiting.splice(0)) resolve()
    },
    pending: 0,
    onClose: (listener) => void this.closed.push(listener),
  }

  /** Resolves when the server ended it. */
  end(): Promise<void> {
    return this.ended ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }

  /** As when the client goes away. */
  close(): void {
    for (const listener of this.closed.splice(0)) listener()
  }

  /** `TYPE name` of every event. */
  get told(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata['name'] ?? ''}`.trim())
  }
}
