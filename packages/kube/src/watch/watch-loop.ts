import type { IncomingMessage } from 'node:http'
import type { KubeClient } from '../client.ts'
import { ConnectionError, isForbidden, isGone, isNotFound, isTransient, KubeError, type Status } from '../errors.ts'
import { stripManagedFields } from '../managed-fields.ts'
import { parseAnswer } from '../parse-answer.ts'
import { pause } from '../patience.ts'
import { LineSplitter } from './line-splitter.ts'
import { isBefore, ObjectIndex } from './object-index.ts'
import { retryDelay } from './retry-delay.ts'
import type { Gone, Known, WatchedObject, WatchHandler, WatchOptions } from './types.ts'

type WireEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: WatchedObject & Status }

const SILENCE_MS = 150_000
const LIST_SILENCE_MS = 30_000
/** A CRD that is created is seen after this time at the latest; asking costs the server next to nothing. */
const ABSENT_RETRY_MS = 3_000
/** The server closes a watch after this time, or a little later; a client that asks for it spreads its own. */
const SERVER_TIMEOUT_S = 300
/** A connection that stood for so long was a good one, whatever ended it. */
const STABLE_MS = 5_000
/** Failures from one resourceVersion after which the view is listed anew. */
const MOST_FAILURES = 4
/** Streaming lists that fail one after another before a plain list has its turn: its watch cache may lag behind, etcd does not. */
const MOST_STREAM_FAILURES = 2
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

/** The view is not one that can be continued from; `message` says why it is listed anew. */
class RelistError extends Error {}

/** The state behind `watchResource`. */
export class WatchLoop {
  readonly known: ReadonlyMap<string, Known>
  readonly #client: KubeClient
  readonly #options: WatchOptions
  readonly #handler: WatchHandler
  readonly #signal: AbortSignal
  readonly #index: ObjectIndex
  /** Where to go on; undefined: the view is listed anew. */
  #version: string | undefined
  /** The next complete list hands over what is known as well. */
  #emitAll = false
  /** Whether the server takes sendInitialEvents. */
  #streams = true
  #streamFailures = 0
  /** Whether this connection began with a streaming list. */
  #streaming = false
  #failures = 0
  #restarted = false
  /** Ended by an error, a restart, or the end of the watch. */
  #connection = new AbortController()
  /** `performance.now` of the server's 200. */
  #openedAt: number | undefined

  constructor(client: KubeClient, options: WatchOptions, handler: WatchHandler, signal: AbortSignal) {
    this.#client = client
    this.#options = options
    this.#handler = handler
    this.#signal = signal
    this.#index = new ObjectIndex(options.clusterOf)
    this.known = this.#index.entries
  }

  restart(): void {
    this.#emitAll = true
    this.#restarted = true
    this.#version = undefined
    this.#connection.abort(new RelistError('restart'))
  }

  async run(): Promise<void> {
    const end = () => this.#connection.abort(this.#signal.reason)
    this.#signal.addEventListener('abort', end)
    while (!this.#signal.aborted) {
      this.#connection = new AbortController()
      this.#restarted = false
      this.#openedAt = undefined
      const error: unknown = await this.#follow(this.#connection).catch(
        (thrown: unknown) => thrown ?? new Error('thrown'),
      )
      if (!this.#signal.aborted && !this.#restarted) await this.#recover(error)
      this.#connection.abort()
    }
    this.#signal.removeEventListener('abort', end)
  }

  /** One connection: from the list, or from where the last one ended, to its end. */
  async #follow(connection: AbortController): Promise<void> {
    const { signal } = connection
    const initial = this.#version === undefined
    const streaming = initial && this.#streams && this.#streamFailures < MOST_STREAM_FAILURES
    this.#streaming = streaming
    if (initial) this.#index.beginList()
    if (initial && !streaming) await this.#list(signal)
    const response = await this.#open(streaming, signal)
    this.#openedAt = performance.now()
    this.#handler.report?.({ type: 'connected' })
    await this.#read(response, connection)
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { labelSelector, fieldSelector, metadataOnly = false } = this.#options
    const selection = { labelSelector, fieldSelector, metadataOnly, signal }
    let version = ''
    for await (const page of this.#client.pages<WatchedObject>(this.#options, selection)) {
      version = page.resourceVersion
      for (const object of page.items) {
        const told = this.#upsert(object)
        if (told !== undefined) await told
        signal.throwIfAborted()
      }
    }
    await this.#complete(version, signal)
  }

  async #open(streaming: boolean, signal: AbortSignal): Promise<IncomingMessage> {
    const { labelSelector, fieldSelector, metadataOnly = false, random = Math.random } = this.#options
    const from = streaming
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
      : { resourceVersion: this.#version }
    const timeoutSeconds = String(Math.round(SERVER_TIMEOUT_S * (1 + random())))
    const query = { labelSelector, fieldSelector, allowWatchBookmarks: 'true', timeoutSeconds, ...from }
    try {
      return await this.#client.watch(this.#options, query, { metadataOnly, signal })
    } catch (error) {
      const refused = streaming && error instanceof KubeError && (error.status === 422 || error.status === 400)
      if (refused) this.#streams = false
      // A server that was away may be another one, or have another store, when it is back.
      if (error instanceof ConnectionError) this.#listAnew('the server was away')
      // What is allowed again may be other objects: in kcp those of another identity stand behind the same path.
      if (isForbidden(error)) this.#listAnew('it was forbidden')
      throw error
    }
  }

  async #read(response: IncomingMessage, connection: AbortController): Promise<void> {
    const { silenceMs = SILENCE_MS, listSilenceMs = LIST_SILENCE_MS } = this.#options
    let busy = false
    const wait = (ms: number): NodeJS.Timeout =>
      setTimeout(() => {
        if (busy) timer.refresh()
        else connection.abort(new ConnectionError(`the watch said nothing for ${ms} ms`))
      }, ms)
    let listing = this.#index.listing
    let timer = wait(listing ? listSilenceMs : silenceMs)
    const lines = new LineSplitter()
    try {
      for await (const chunk of response) {
        busy = true
        for (const line of lines.push(chunk as Buffer)) {
          const told = this.#take(parseAnswer<WireEvent>(line), connection.signal)
          if (told !== undefined) await told
          connection.signal.throwIfAborted()
        }
        busy = false
        if (listing === this.#index.listing) {
          timer.refresh()
          continue
        }
        listing = !listing
        clearTimeout(timer)
        timer = wait(silenceMs)
      }
    } finally {
      clearTimeout(timer)
      response.destroy()
    }
  }

  /** Hands one event over; a promise only where the handler gave one. */
  #take({ type, object }: WireEvent, signal: AbortSignal): Promise<void> | undefined {
    if (type === 'ERROR') throw new KubeError(object.code ?? 500, object)
    const version = object.metadata.resourceVersion
    if (this.#index.listing) {
      if (type === 'DELETED') return this.#delete(object)
      if (type !== 'BOOKMARK') return this.#upsert(object)
      if (object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true') return this.#complete(version, signal)
      this.#streams = false
      throw new RelistError('the server does not stream lists')
    }
    // A server whose etcd was restored counts from an earlier revision, and would keep back all until it is here again.
    if (isBefore(version, this.#version ?? ''))
      throw new RelistError(`the server is back at resourceVersion ${version}`)
    const told = type === 'BOOKMARK' ? undefined : type === 'DELETED' ? this.#delete(object) : this.#upsert(object)
    if (told === undefined) return this.#advance(version)
    return told.then(() => {
      if (!signal.aborted) this.#advance(version)
    })
  }

  #advance(version: string): undefined {
    this.#version = version
    this.#failures = 0
  }

  #upsert(object: WatchedObject): Promise<void> | undefined {
    this.#index.mark(object)
    const known = this.#index.find(object)
    const { uid, resourceVersion } = object.metadata
    if (known?.uid === uid && known.resourceVersion === resourceVersion && !this.#emitAll) return undefined
    const replaced = known !== undefined && known.uid !== uid ? this.#forget(known) : undefined
    const hand = () =>
      this.#tell(
        () => this.#handler.upsert(stripManagedFields(object)),
        () => this.#index.set(object),
      )
    return replaced === undefined ? hand() : replaced.then(hand)
  }

  #delete(object: WatchedObject): Promise<void> | undefined {
    const known = this.#index.find(object)
    return known?.uid === object.metadata.uid ? this.#forget(known) : undefined
  }

  #forget(known: Known): Promise<void> | undefined {
    const { resourceVersion: _last, ...gone }: Known = known
    return this.#tell(
      () => this.#handler.delete(gone satisfies Gone),
      () => this.#index.remove(gone),
    )
  }

  /** Calls the handler, and `told` once that ended well; never `told` otherwise, so that the next list tells it again. */
  #tell(call: () => void | Promise<void> | undefined, told: () => void): Promise<void> | undefined {
    const failed = (cause: unknown) => new RelistError(`the handler failed: ${(cause as Error).message}`, { cause })
    let running: void | Promise<void> | undefined
    try {
      running = call()
    } catch (error) {
      throw failed(error)
    }
    if (running === undefined) return told() as undefined
    return running.then(told, (error: unknown) => {
      throw failed(error)
    })
  }

  /** The list is whole: what is known and was not in it went during the gap. */
  async #complete(version: string, signal: AbortSignal): Promise<void> {
    for (const known of this.#index.unlisted()) {
      await this.#forget(known)
      signal.throwIfAborted()
    }
    await this.#tell(
      () => this.#handler.synced?.(),
      () => undefined,
    )
    signal.throwIfAborted()
    this.#index.endList()
    this.#emitAll = false
    this.#streamFailures = 0
    this.#advance(version)
  }

  /** A server that answers, but not with the whole list; refusals and absence are no matter of how it is asked. */
  #isStreamFailure(error: unknown): boolean {
    return this.#openedAt !== undefined || (error instanceof KubeError && isTransient(error))
  }

  #listAnew(reason: string): void {
    if (this.#version === undefined) return
    this.#version = undefined
    this.#handler.report?.({ type: 'relisting', reason })
  }

  /** Decides where to go on after the end of a connection, and waits until it is time. */
  async #recover(error: unknown): Promise<void> {
    const wasListing = this.#version === undefined
    const stood = this.#openedAt !== undefined && performance.now() - this.#openedAt >= STABLE_MS
    if (stood && !wasListing) this.#failures = 0
    const untroubled = this.#failures === 0
    if (error === undefined && !wasListing && (stood || untroubled)) {
      // The usual end: the time that was asked for is over, or the server is about to stop.
      this.#failures++
      return
    }
    this.#failures++
    if (wasListing)
      this.#streamFailures = this.#streaming && this.#isStreamFailure(error) ? this.#streamFailures + 1 : 0
    if (isGone(error) || error instanceof RelistError) this.#listAnew(error.message)
    else if (this.#failures >= MOST_FAILURES)
      this.#listAnew(`${this.#failures} failures, the last: ${messageOf(error)}`)
    const retryInMs =
      untroubled && (isGone(error) || error instanceof RelistError)
        ? 0
        : retryDelay(this.#failures, this.#options, isNotFound(error) ? ABSENT_RETRY_MS : undefined)
    if (isNotFound(error)) this.#version = undefined
    if (isNotFound(error)) this.#handler.report?.({ type: 'absent', retryInMs })
    else if (retryInMs > 0) this.#handler.report?.({ type: 'disconnected', error: error ?? ended(), retryInMs })
    await pause(retryInMs, this.#connection.signal)
  }
}

function ended(): ConnectionError {
  return new ConnectionError('the server ended the watch')
}

function messageOf(error: unknown): string {
  return error === undefined ? ended().message : (error as Error).message
}
