import { type Answer, TestServer, type Watched } from '../../../packages/sandbox/src/kube/requests/test-support.ts'
import { ApiServer } from '../server/api-server.ts'
import { WatchStream } from '../server/watch-stream.ts'
import { VirtualTime } from '../world/virtual-time.ts'
import type { Kind, Step } from './requests.ts'

type Json = Record<string, unknown>
type Metadata = { uid?: string; resourceVersion?: string; managedFields?: { manager: string; operation: string }[] }

/** What one server said, without what no two servers say alike: `null` in the place of times, and uids and versions by number. */
export type Said = { status: number; body: Json }

/** One server, and what it gave to objects. */
class Side {
  readonly #send: (step: Step) => Promise<{ status: number; body: Json }>
  readonly #uids: string[] = []
  readonly #versions: string[] = []
  /** The last uid and version of each path, and those before. */
  readonly #known = new Map<string, { uid: string; version: string; gone: string; old: string }>()

  constructor(send: (step: Step) => Promise<{ status: number; body: Json }>) {
    this.#send = send
  }

  async say(step: Step): Promise<Said> {
    const at = nameOf(step)
    const known = this.#known.get(at)
    const text = JSON.stringify(step.body ?? null)
      .replaceAll('$uid', known?.uid ?? 'nobody')
      .replaceAll('$gone', known?.gone ?? 'nobody')
      .replaceAll('$version', known?.version ?? '1')
      .replaceAll('$old', known?.old ?? '1')
    const body = JSON.parse(text) as Json | null
    const { body: _, ...sent } = step
    const answer = await this.#send(body === null ? sent : { ...sent, body })
    this.#learn(at, answer.body)
    return { status: answer.status, body: this.masked(answer.body) }
  }

  #learn(at: string, { metadata }: Json): void {
    const { uid, resourceVersion: version } = (metadata ?? {}) as Metadata
    if (uid === undefined || version === undefined) return
    const before = this.#known.get(at)
    const gone = before !== undefined && before.uid !== uid ? before.uid : (before?.gone ?? 'nobody')
    const old = before !== undefined && before.version !== version ? before.version : (before?.old ?? '1')
    this.#known.set(at, { uid, version, gone, old })
  }

  masked(body: Json): Json {
    if (body['kind'] === 'Status') return maskedStatus(body)
    if (Array.isArray(body['items'])) return { items: (body['items'] as Json[]).map((item) => this.masked(item)) }
    const { metadata, ...content } = body
    const { managedFields = [], uid = '', resourceVersion = '', ...others } = metadata as Metadata
    const applied = managedFields.filter(({ operation }) => operation === 'Apply').map(({ manager }) => manager)
    const ids = { uid: numberOf(this.#uids, uid), resourceVersion: numberOf(this.#versions, resourceVersion) }
    const times = Object.keys(others).filter((name) => name.endsWith('Timestamp'))
    const timeless = Object.fromEntries(times.map((name) => [name, null]))
    return {
      ...content,
      metadata: { ...withoutCluster(others), ...timeless, ...ids, applied: [...new Set(applied)].sort() },
    }
  }
}

/** What a watch told, one after the other. */
export type Told = { type: string; object: Json }[]
type Watch = { path: string; sandbox: Watched; model: Buffer[] }

/** The model of the simulation, and the sandbox, which is held against a real API server elsewhere. */
export class BothServers {
  readonly #sandbox: TestServer
  readonly #model: ApiServer
  readonly #sides: readonly [Side, Side]
  readonly #time = new VirtualTime()
  readonly #watches: Watch[] = []

  private constructor(sandbox: TestServer) {
    this.#sandbox = sandbox
    const model = new ApiServer('model', () => 0)
    this.#model = model
    this.#sides = [
      new Side(async ({ body, ...step }) => {
        const sent = { ...step, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
        const answer = model.handle(sent)
        return { status: answer.status, body: JSON.parse(JSON.stringify(answer.body)) }
      }),
      new Side(async ({ method, path, headers, body }) => {
        const answer: Answer = await sandbox.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
        return { status: answer.status, body: answer.body }
      }),
    ]
  }

  static async start(kinds: readonly Kind[]): Promise<BothServers> {
    const sandbox = await TestServer.start({ controllers: false })
    for (const kind of kinds.filter(({ collection }) => collection.startsWith('/apis/')))
      await sandbox.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
        body: definitionOf(kind),
      })
    await sandbox.settled()
    return new BothServers(sandbox)
  }

  stop(): void {
    this.#sandbox.stop()
  }

  /** Begins a watch at both, which tells of all that comes, and first of what there is. */
  async watch(collection: string, selector: string): Promise<void> {
    const path = `${collection}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan${selector}`
    const request = { method: 'GET', path, headers: {}, timeoutMs: 0, signal: new AbortController().signal }
    const [time, server] = [this.#time, this.#model]
    const stream = new WatchStream({ time, server, request, delay: () => 0, who: undefined })
    const watch: Watch = { path, model: [], sandbox: await this.#sandbox.watch(path) }
    this.#watches.push(watch)
    void (async () => {
      for await (const line of stream) watch.model.push(line)
    })()
  }

  /** What each watch has told until now: by the model, and by the sandbox. */
  async told(): Promise<{ path: string; model: Told; sandbox: Told }[]> {
    while (await this.#time.step(1)) {}
    await this.#sandbox.settled()
    const [model, sandbox] = this.#sides
    return this.#watches.map((watch) => ({
      path: watch.path,
      model: toldBy(
        model,
        watch.model.map((line) => JSON.parse(line.toString())),
      ),
      sandbox: toldBy(sandbox, watch.sandbox.events),
    }))
  }

  /** What the model says, and what the sandbox. */
  async say(step: Step): Promise<[Said, Said]> {
    const [model, sandbox] = this.#sides
    return [await model.say(step), await sandbox.say(step)]
  }
}

function definitionOf({ apiVersion, kind, collection, hasStatus }: Kind): object {
  const [group = '', version = ''] = apiVersion.split('/')
  const plural = collection.split('/').at(-1) ?? ''
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } }
  const subresources = hasStatus ? { subresources: { status: {} } } : {}
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      scope: collection.includes('/namespaces/') ? 'Namespaced' : 'Cluster',
      versions: [{ name: version, served: true, storage: true, schema, ...subresources }],
    },
  }
}

/** The sandbox says in which logical cluster an object is. */
function withoutCluster({ annotations, ...metadata }: Json): Json {
  const { 'kcp.io/cluster': _, ...others } = (annotations ?? {}) as Json
  return Object.keys(others).length > 0 ? { ...metadata, annotations: others } : metadata
}

/** A bookmark is worth the time at which it comes, and is about no object. */
function toldBy(side: Side, events: Told): Told {
  return events.map(({ type, object }) => ({ type, object: type === 'BOOKMARK' ? {} : side.masked(object) }))
}

/** The texts are for people. */
function maskedStatus({ status, code, reason, details }: Json): Json {
  const causes = (details as { causes?: { field: string }[] } | undefined)?.causes?.map(({ field }) => field)
  // A definition's objects are looked at twice, and a cause is told as often.
  return {
    kind: 'Status',
    status,
    ...(code === undefined ? {} : { code }),
    reason,
    causes: causes && [...new Set(causes)],
  }
}

function numberOf(known: string[], value: string): number {
  if (!known.includes(value)) known.push(value)
  return known.indexOf(value)
}

function nameOf({ method, path, body }: Step): string {
  const { name } = ((body as { metadata?: { name?: string } })?.metadata ?? {}) as { name?: string }
  const bare = path.split('?')[0]?.replace(/\/status$/, '') ?? ''
  return method === 'POST' ? `${bare}/${name}` : bare
}
