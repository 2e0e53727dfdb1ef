import type { IncomingMessage } from 'node:http'
import type { CollectionRef, KubeClient } from './client.ts'
import { ConnectionError, isGone, isNotFound, KubeError, type Status } from './errors.ts'
import { readLines } from './lines.ts'
import { stripManagedFields } from './managed-fields.ts'

type Metadata = { namespace?: string; name: string; uid: string; resourceVersion: string; annotations?: Record<string, string> }
export type WatchedObject = { metadata: Metadata }
/** What is known of an object that went. */
export type Gone = { namespace?: string; name: string; uid: string }

/** Called one after another, in the order of the events; a promise holds the next one back. */
export type WatchHandler = {
  upsert: (object: WatchedObject) => void | Promise<void> | undefined
  delete: (gone: Gone) => void | Promise<void> | undefined
  /** The view is complete: at the first time, and each time after it was listed anew. */
  synced?: () => void
  report?: (event: WatchEvent) => void
}

export type WatchEvent =
  | { type: 'connected' }
  | { type: 'disconnected'; error: unknown; retryInMs: number }
  | { type: 'relisting'; reason: string }
  /** The server does not serve the resource; it is asked again. */
  | { type: 'absent'; retryInMs: number }

export type WatchOptions = CollectionRef & {
  labelSelector?: string
  fieldSelector?: string
  metadataOnly?: boolean
  /** A watch that says nothing for so long is taken for dead; kube-apiserver sends a bookmark about once a minute. */
  silenceMs?: number
  firstRetryMs?: number
  lastRetryMs?: number
  random?: () => number
}

/** A watch that goes on until its signal aborts. */
export type Watch = {
  /** Lists anew and hands everything over again. */
  restart: () => void
  /** Namespace/name of what is there now, with uid and resourceVersion. */
  known: ReadonlyMap<string, { uid: string; resourceVersion: string }>
  /** Resolves when the watch has ended. */
  ended: Promise<void>
}

type WireEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: WatchedObject & Status }

const SILENCE_MS = 75_000
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 10_000
/** The server closes a watch after this time, or a little later; a client that asks for it spreads its own. */
const SERVER_TIMEOUT_S = 300
/** Failures from one resourceVersion after which the view is listed anew: a restored etcd never gets to it. */
const MOST_FAILURES = 4
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/**
 * Follows a collection without losing or inventing an event, whatever happens to the connection or the server. Starts with a
 * streaming list (KEP-3157) and with a list where the server refuses that; what vanished during a gap is reported as deleted.
 */
export function watchResource(client: KubeClient, options: WatchOptions, handler: WatchHandler, { signal }: { signal: AbortSignal }): Watch {
  const loop = new WatchLoop(client, options, handler, signal)
  return { restart: () => loop.restart(), known: loop.known, ended: loop.run() }
}

class WatchLoop {
  readonly known = new Map<string, { namespace?: string; name: string; uid: string; resourceVersion: string }>()
  readonly #client: KubeClient
  readonly #options: WatchOptions
  readonly #handler: WatchHandler
  readonly #signal: AbortSignal
  /** Where to go on; undefined: the view is listed anew. */
  #version: string | undefined
  /** Ids seen in the list that is under way. */
  #listed: Set<string> | undefined
  #emitAll = false
  #streaming = true
  #failures = 0
  #connection: AbortController | undefined

  constructor(client: KubeClient, options: WatchOptions, handler: WatchHandler, signal: AbortSignal) {
    this.#client = client
    this.#options = options
    this.#handler = handler
    this.#signal = signal
  }

  restart(): void {
    this.#emitAll = true
    this.#version = undefined
    this.#connection?.abort()
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#follow()
      } catch (error) {
        if (!this.#signal.aborted) await this.#recover(error)
      }
    }
  }

  /** One connection: from the list, or from where the last one ended, to its end. */
  async #follow(): Promise<void> {
    const connection = new AbortController()
    this.#connection = connection
    const signal = AbortSignal.any([connection.signal, this.#signal])
    try {
      const relist = this.#version === undefined
      if (relist) this.#listed = new Set()
      if (relist && !this.#streaming) await this.#list(signal)
      const response = await this.#open(relist && this.#streaming, signal)
      this.#handler.report?.({ type: 'connected' })
      await this.#read(response, connection)
    } catch (error) {
      if (!connection.signal.aborted || connection.signal.reason instanceof ConnectionError) throw error
    } finally {
      connection.abort()
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { labelSelector, fieldSelector, metadataOnly = false } = this.#options
    const selectors = { ...(labelSelector === undefined ? {} : { labelSelector }), ...(fieldSelector === undefined ? {} : { fieldSelector }) }
    const list = await this.#client.list<WatchedObject & { apiVersion?: string }>(this.#options, { ...selectors, metadataOnly, signal })
    for (const object of list.items) await this.#upsert(object)
    await this.#complete()
    this.#version = list.resourceVersion
  }

  async #open(initial: boolean, signal: AbortSignal): Promise<IncomingMessage> {
    const { labelSelector, fieldSelector, metadataOnly = false, random = Math.random } = this.#options
    const from = initial ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : { resourceVersion: this.#version }
    const timeoutSeconds = String(Math.round(SERVER_TIMEOUT_S * (1 + random())))
    const query = { labelSelector, fieldSelector, allowWatchBookmarks: 'true', timeoutSeconds, ...from }
    try {
      return await this.#client.watch(this.#options, query, { metadataOnly, signal })
    } catch (error) {
      if (initial && error instanceof KubeError && (error.status === 422 || error.status === 400)) this.#streaming = false
      throw error
    }
  }

  async #read(response: IncomingMessage, connection: AbortController): Promise<void> {
    const silenceMs = this.#options.silenceMs ?? SILENCE_MS
    const silent = () => connection.abort(new ConnectionError(`the watch said nothing for ${silenceMs} ms`))
    let timer = setTimeout(silent, silenceMs)
    try {
      for await (const line of readLines(response)) {
        clearTimeout(timer)
        await this.#take(JSON.parse(line) as WireEvent)
        if (connection.signal.aborted) return
        timer = setTimeout(silent, silenceMs)
      }
    } catch (cause) {
      if (cause instanceof KubeError) throw cause
      throw new ConnectionError(`the watch broke: ${(cause as Error).message}`, { cause: connection.signal.reason ?? cause })
    } finally {
      clearTimeout(timer)
    }
  }

  async #take({ type, object }: WireEvent): Promise<void> {
    if (type === 'ERROR') throw new KubeError(object.code ?? 500, object)
    if (type === 'ADDED' || type === 'MODIFIED') await this.#upsert(object)
    else if (type === 'DELETED') await this.#delete(object.metadata)
    const complete = this.#listed !== undefined && object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true'
    if (complete) await this.#complete()
    if (this.#listed === undefined) {
      this.#version = object.metadata.resourceVersion
      this.#failures = 0
    }
  }

  async #upsert(object: WatchedObject): Promise<void> {
    const { namespace, name, uid, resourceVersion } = object.metadata
    const id = `${namespace ?? ''}/${name}`
    this.#listed?.add(id)
    const known = this.known.get(id)
    if (known !== undefined && known.uid !== uid) await this.#delete(known)
    const repeats = known?.uid === uid && known.resourceVersion === resourceVersion
    this.known.set(id, { ...(namespace === undefined ? {} : { namespace }), name, uid, resourceVersion })
    if (!repeats || this.#emitAll) await this.#handler.upsert(stripManagedFields(object))
  }

  async #delete({ namespace, name, uid }: Gone): Promise<void> {
    const id = `${namespace ?? ''}/${name}`
    if (!this.known.delete(id)) return
    await this.#handler.delete({ ...(namespace === undefined ? {} : { namespace }), name, uid })
  }

  /** The list is whole: what is known and was not in it went during the gap. */
  async #complete(): Promise<void> {
    const listed = this.#listed ?? new Set()
    this.#listed = undefined
    this.#emitAll = false
    for (const [id, gone] of [...this.known]) if (!listed.has(id)) await this.#delete(gone)
    this.#handler.synced?.()
  }

  async #recover(error: unknown): Promise<void> {
    const { firstRetryMs = FIRST_RETRY_MS, lastRetryMs = LAST_RETRY_MS, random = Math.random } = this.#options
    this.#failures++
    const wait = Math.min(firstRetryMs * 2 ** Math.min(this.#failures - 1, 10), lastRetryMs) * (0.5 + random() / 2)
    const retryInMs = isGone(error) && this.#failures === 1 ? 0 : Math.round(wait)
    if (isNotFound(error)) {
      this.#version = undefined
      this.#handler.report?.({ type: 'absent', retryInMs })
    } else if (this.#version !== undefined && (isGone(error) || this.#failures >= MOST_FAILURES)) {
      this.#version = undefined
      this.#handler.report?.({ type: 'relisting', reason: (error as Error).message })
    } else {
      this.#handler.report?.({ type: 'disconnected', error, retryInMs })
    }
    await pause(retryInMs, this.#signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
