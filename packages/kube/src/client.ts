import type { IncomingMessage } from 'node:http'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { type Endpoint, readKubeconfig } from './clusters/kubeconfig.ts'
import { AlreadyExistsError, isGone, isVersionRefusal, KubeError, type Status } from './errors.ts'
import { stripManagedFields } from './managed-fields.ts'
import { parseAnswer } from './parse-answer.ts'
import { Patience } from './patience.ts'
import { type CollectionRef, type ObjectRef, pathOf, type Query } from './refs.ts'
import { ServerClock } from './server-clock.ts'
import { type HttpResponse, Transport } from './transport.ts'

/** `timeoutMs`: until the whole answer is there; otherwise that of the client. */
export type CallOptions = { signal?: AbortSignal | undefined; timeoutMs?: number | undefined }
/** `metadataOnly`: the server answers PartialObjectMetadata, without spec, status and data. */
export type ReadOptions = CallOptions & { metadataOnly?: boolean }
export type WriteOptions = CallOptions & { fieldManager?: string; subresource?: 'status' | 'scale' }
export type ApplyOptions = WriteOptions & {
  /** Takes fields over from other managers. */
  force?: boolean
  /** Refuses with `isAlreadyExists` if the object is there. Custom resources only: built-in kinds may be updated without a version. */
  createOnly?: boolean
}
export type DeleteOptions = CallOptions & {
  /** Only the very object of this uid, or in this version: 409, `isConflict`, otherwise. */
  uid?: string | undefined
  resourceVersion?: string | undefined
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
}

/** One page, or all pages, of a collection. */
export type List<T> = { items: T[]; resourceVersion: string }

export type ListOptions = ReadOptions & {
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  /** Objects on a page; 0 asks for all at once. */
  limit?: number
}

/** What a caller may count or log of a client's requests. */
export type ClientEvent =
  /** An answer, or with status 0 none. */
  | { type: 'request'; method: string; status: number; seconds: number }
  /** There is no answer after so long; the client goes on waiting. */
  | { type: 'unanswered'; method: string; path: string; seconds: number }
  /** The server asked to be left alone for so long; the client waits. */
  | { type: 'throttled'; seconds: number }

/** A write that begins. `base` is what stands before the API's own path; in kcp it names the logical cluster. */
export type Write = { method: string; base: string; target: CollectionRef; subresource: string | undefined }
/** Told the status of the last answer to a write, or 0 if there was none. */
export type WriteEnd = (status: number) => void

export type ClientOptions = {
  onEvent?: (event: ClientEvent) => void
  /** Told of each write as it begins; what it returns, how it ended. */
  onWrite?: (write: Write) => WriteEnd
  /** Milliseconds for one request, 10,000 if left out. */
  timeoutMs?: number
  /** Between 0 and 1, for the spread of what waits. */
  random?: () => number
}

/** What ends a client's right to write: `check` is called before each write is sent, also again, and throws when it is over. */
export type WriteFence = { signal: AbortSignal; check: () => void }

/** A part of a server that another client speaks to already. */
type Below = { transport: Wire; base: string; fence?: WriteFence | undefined; patience?: Patience; clock?: ServerClock }

/** What a client needs of a server: how requests get there and answers back. */
export type Wire = Pick<Transport, 'send' | 'stream' | 'update' | 'renewCredentials' | 'close'>

type Sent = CallOptions & {
  method: string
  path: string
  accept?: string | undefined
  contentType?: string
  body?: object
  repeatable?: boolean
  /** Of a write. */
  target?: CollectionRef
  subresource?: string | undefined
  /** Told the status of each answer. */
  heard?: WriteEnd
}

/** What a server answers to a deletion: the object that has yet to go, or a Status. */
type Removed = { kind?: string; details?: { uid?: string } }

const FIELD_MANAGER = 'resource-broker'
const TIMEOUT_MS = 10_000
const PAGE = 500
/** A server that asks for patience gets it this often before its answer is passed on. */
const MOST_PATIENCE = 5
/** And for so long: whoever waits for the request is to be told within five seconds. */
const PATIENCE_MS = 4_000
/** A request that has no answer for so long is told of, and goes on: webhooks may take ten seconds. */
const UNANSWERED_MS = 3_000

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/**
 * The Kubernetes API of one cluster, or of one kcp workspace, for any kind. Each call is one request; a server's 429, or 503 with
 * Retry-After, holds all requests of this client back and is tried again, as long as that takes a few seconds. All calls throw KubeError for a refusal, ConnectionError
 * for no answer, CredentialsError if a token cannot be had, and the reason of their signal when that aborts.
 */
export class KubeClient {
  readonly #transport: Wire
  readonly #options: ClientOptions
  readonly #patience: Patience
  readonly #clock: ServerClock
  /** Put before every path. */
  readonly #base: string
  readonly #isOwner: boolean
  readonly #fence: WriteFence | undefined

  constructor(endpoint: Endpoint | Below, options: ClientOptions = {}) {
    const isBelow = 'transport' in endpoint
    this.#transport = isBelow ? endpoint.transport : new Transport(endpoint)
    this.#base = isBelow ? endpoint.base : ''
    this.#isOwner = !isBelow
    this.#fence = isBelow ? endpoint.fence : undefined
    this.#clock = (isBelow ? endpoint.clock : undefined) ?? new ServerClock()
    this.#options = options
    const onAsked = (seconds: number) => options.onEvent?.({ type: 'throttled', seconds })
    const own = () => new Patience({ random: options.random ?? Math.random, onAsked })
    this.#patience = (isBelow ? endpoint.patience : undefined) ?? own()
  }

  /** For the current context of a kubeconfig file. @throws {KubeconfigError} */
  static async fromFile(path: string, options?: ClientOptions): Promise<KubeClient> {
    return new KubeClient(await readKubeconfig(path), options)
  }

  /**
   * What the same server has below a path, such as one logical cluster of a virtual workspace, over the same connections; closing it
   * closes nothing.
   */
  below(path: string): KubeClient {
    const base = this.#base + path
    const below = { transport: this.#transport, base, fence: this.#fence, clock: this.#clock }
    return new KubeClient(below, this.#options)
  }

  /** The same server, for whoever may write only as long as `fence` lets them: its calls end with its signal. */
  under(fence: WriteFence): KubeClient {
    const below = { transport: this.#transport, base: this.#base, fence, patience: this.#patience, clock: this.#clock }
    return new KubeClient(below, this.#options)
  }

  /** The time by the server's own clock: who asks the same server has the same. Before the first answer, by the own clock. */
  now(): Date {
    return this.#clock.now()
  }

  /** Whether `now` is the server's time, as it is from its first answer on; until then it is that of the own clock. */
  get knowsTime(): boolean {
    return this.#clock.isKnown
  }

  /** Goes on with another address or other credentials of the same cluster; requests and watches under way are not disturbed. */
  update(endpoint: Endpoint): void {
    this.#transport.update(endpoint)
  }

  async get<T>(ref: ObjectRef, { metadataOnly, ...call }: ReadOptions = {}): Promise<T> {
    return await this.#json<T>({
      ...call,
      method: 'GET',
      path: pathOf(ref),
      accept: metadataOnly ? METADATA_ONLY : undefined,
    })
  }

  /** All pages of a collection, from one consistent snapshot. */
  async list<T>(ref: CollectionRef, options: ListOptions = {}): Promise<List<T>> {
    const { limit = PAGE } = options
    const items: T[] = []
    try {
      let resourceVersion = ''
      for await (const page of this.pages<T>(ref, { ...options, limit })) {
        items.push(...page.items)
        resourceVersion = page.resourceVersion
      }
      return { items, resourceVersion }
    } catch (error) {
      // The snapshot was compacted away between two pages (every 5 minutes): all in one answer cannot expire.
      if (!isGone(error) || limit === 0) throw error
      return await this.list<T>(ref, { ...options, limit: 0 })
    }
  }

  /** Page after page of one consistent snapshot. @throws {KubeError} `isGone` when it took so long that the snapshot is no more */
  async *pages<T>(ref: CollectionRef, options: ListOptions = {}): AsyncGenerator<List<T>> {
    const { metadataOnly, labelSelector, fieldSelector, limit = PAGE, ...call } = options
    const accept = metadataOnly ? METADATA_LIST : undefined
    const selection = { labelSelector, fieldSelector, limit: limit === 0 ? '' : String(limit) }
    let next: string | undefined = ''
    do {
      const path = pathOf(ref, { ...selection, continue: next })
      type Page = { items?: T[] | null; metadata: { resourceVersion: string; continue?: string } }
      const page: Page = await this.#json<Page>({ ...call, method: 'GET', path, accept })
      for (const item of page.items ?? []) stripManagedFields(item)
      yield { items: page.items ?? [], resourceVersion: page.metadata.resourceVersion }
      next = page.metadata.continue
    } while (next)
  }

  async create<T>(ref: CollectionRef, body: object, options: WriteOptions = {}): Promise<T> {
    const { fieldManager = FIELD_MANAGER, subresource: _none, ...call } = options
    const { group, version, resource, namespace } = ref
    const path = pathOf({ group, version, resource, namespace }, { fieldManager })
    return await this.#json<T>({ ...call, method: 'POST', path, body, target: ref })
  }

  /**
   * Server-side apply. With `metadata.uid` in the body the server refuses (`isConflict`) to create what is not there, and to touch
   * another object of the name; not so in a subresource, where only `metadata.resourceVersion` counts. `createOnly` sends
   * resourceVersion "0", which an existing custom resource refuses (422) as no version to update from. So kube-apiserver 1.34.
   */
  async apply<T>(ref: ObjectRef, body: object, options: ApplyOptions = {}): Promise<T> {
    const { fieldManager = FIELD_MANAGER, force = false, createOnly = false, subresource, ...call } = options
    const path = pathOf(ref, { fieldManager, force: String(force) }, subresource)
    const contentType = 'application/apply-patch+yaml'
    const request = { ...call, method: 'PATCH', path, contentType, target: ref, subresource }
    if (!createOnly) return await this.#json<T>({ ...request, body, repeatable: true })
    const fresh = { ...body, metadata: { ...(body as { metadata?: object }).metadata, resourceVersion: '0' } }
    try {
      return await this.#json<T>({ ...request, body: fresh })
    } catch (error) {
      if (!isVersionRefusal(error)) throw error
      throw new AlreadyExistsError(`${ref.resource}/${ref.name} already exists`, { cause: error })
    }
  }

  /** JSON merge patch (RFC 7386). `metadata.uid` in it guards as in `apply`. */
  async mergePatch<T>(ref: ObjectRef, patch: object, options: WriteOptions = {}): Promise<T> {
    const { fieldManager = FIELD_MANAGER, subresource, ...call } = options
    const path = pathOf(ref, { fieldManager }, subresource)
    const contentType = 'application/merge-patch+json'
    const request = { ...call, method: 'PATCH', path, contentType, target: ref, subresource }
    return await this.#json<T>({ ...request, body: patch, repeatable: true })
  }

  /** Replaces the whole object; `metadata.resourceVersion` in the body makes it conditional. */
  async replace<T>(ref: ObjectRef, body: object, options: WriteOptions = {}): Promise<T> {
    const { fieldManager = FIELD_MANAGER, subresource, ...call } = options
    const path = pathOf(ref, { fieldManager }, subresource)
    return await this.#json<T>({ ...call, method: 'PUT', path, body, target: ref, subresource })
  }

  /**
   * Asks for the deletion; resolves when the server took note, finalizers may keep the object for longer. `isGone`: the server says that
   * the very object of `options.uid` is removed, as it does with a Status where nothing keeps it (kube-apiserver, `Store.Delete`).
   */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<{ isGone: boolean }> {
    const { uid, resourceVersion, propagationPolicy, ...call } = options
    const preconditions = { uid, resourceVersion }
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy }
    const answer = await this.#json<Removed>({ ...call, method: 'DELETE', path: pathOf(ref), body, target: ref })
    return { isGone: answer.kind === 'Status' && uid !== undefined && answer.details?.uid === uid }
  }

  /** Any path of the API server, such as `/apis` for discovery. */
  async getPath<T>(path: string, signal?: AbortSignal): Promise<T> {
    return await this.#json<T>({ method: 'GET', path, signal })
  }

  /** The raw answer of a watch: one JSON event a line, until `signal` aborts. @throws {KubeError} if it is refused at the start. */
  async watch(
    ref: CollectionRef,
    query: Query,
    options: { metadataOnly: boolean; signal: AbortSignal },
  ): Promise<IncomingMessage> {
    const { metadataOnly, signal } = options
    await this.#patience.over(signal)
    const path = this.#base + pathOf(ref, { ...query, watch: 'true' })
    const headers = { accept: metadataOnly ? METADATA_ONLY : 'application/json' }
    const timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS
    const answered = this.#awaited('GET', path)
    const response = await this.#transport.stream({ method: 'GET', path, headers, signal, timeoutMs }).finally(answered)
    if (response.statusCode === 200) return response
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const error = errorOf({ status: response.statusCode ?? 0, headers: response.headers, body })
    if (error.status === 401) this.#transport.renewCredentials()
    if (asksForPatience(error)) this.#patience.asked(error)
    throw error
  }

  /** Breaks off requests and watches that are under way; later ones fail. */
  close(): void {
    if (this.#isOwner) this.#transport.close()
  }

  #json<T>(sent: Sent): Promise<T> {
    const { onWrite } = this.#options
    const { method, target, subresource } = sent
    if (onWrite === undefined || target === undefined) return this.#exchange<T>(sent)
    return this.#told<T>(sent, onWrite({ method, base: this.#base, target, subresource }))
  }

  async #told<T>(sent: Sent, ended: WriteEnd): Promise<T> {
    let last = 0
    const heard = (status: number) => {
      last = status
    }
    try {
      return await this.#exchange<T>({ ...sent, heard })
    } finally {
      ended(last)
    }
  }

  async #exchange<T>(sent: Sent): Promise<T> {
    const {
      method,
      accept = 'application/json',
      contentType = 'application/json',
      repeatable = method === 'GET',
    } = sent
    const signal = either(sent.signal, this.#fence?.signal)
    const path = this.#base + sent.path
    const headers: Record<string, string> = { accept }
    if (sent.body !== undefined) headers['content-type'] = contentType
    const body = sent.body === undefined ? undefined : stringifyJson(sent.body)
    const timeoutMs = sent.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS
    let renewed = false
    const giveUpAt = performance.now() + PATIENCE_MS
    for (let patience = MOST_PATIENCE; ; patience--) {
      const waiting = this.#patience.over(signal, giveUpAt)
      if (waiting !== undefined) await waiting
      if (method !== 'GET') this.#fence?.check()
      const sentAt = performance.now()
      const response = await this.#answer({ method, path, headers, body, signal, timeoutMs, repeatable })
      this.#clock.heard(response.headers['date'], sentAt)
      sent.heard?.(response.status)
      if (response.status >= 200 && response.status < 300) return stripManagedFields(parseAnswer<T>(response.body))
      if (response.status === 401 && !renewed && this.#transport.renewCredentials()) {
        renewed = true
        continue
      }
      const error = errorOf(response)
      if (!asksForPatience(error)) throw error
      this.#patience.asked(error)
      if (patience === 0) throw error
    }
  }

  /** Tells of a request that has no answer for long, unless what it returns is called before. */
  #awaited(method: string, path: string): () => void {
    const { onEvent } = this.#options
    if (onEvent === undefined) return () => undefined
    const seconds = UNANSWERED_MS / 1000
    const timer = setTimeout(() => onEvent({ type: 'unanswered', method, path, seconds }), UNANSWERED_MS)
    return () => clearTimeout(timer)
  }

  async #answer(request: Parameters<Transport['send']>[0]): Promise<HttpResponse> {
    const { onEvent } = this.#options
    if (onEvent === undefined) return await this.#transport.send(request)
    const { method, path } = request
    const started = performance.now()
    const answered = this.#awaited(method, path)
    let status = 0
    try {
      const response = await this.#transport.send(request)
      status = response.status
      return response
    } finally {
      answered()
      onEvent({ type: 'request', method, status, seconds: (performance.now() - started) / 1000 })
    }
  }
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other])
}

function errorOf({ status, headers, body }: HttpResponse): KubeError {
  const header = headers['retry-after']
  const after = header === undefined ? Number.NaN : Number(header)
  return new KubeError(status, statusOf(body), Number.isFinite(after) ? after : undefined)
}

/** Proxies, virtual workspaces and unknown paths answer plain text. */
function statusOf(body: string): Status {
  try {
    const parsed: unknown = parseJson(body)
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch {}
  const message = body.trim().slice(0, 500)
  return message === '' ? {} : { message }
}

function asksForPatience(error: KubeError): boolean {
  return error.status === 429 || (error.status === 503 && error.retryAfterSeconds !== undefined)
}
