import { stringifyJson } from '@resource-broker/json'
import { CompactedError, type StoreEvent } from '../../../store/types.ts'
import { StatusError } from '../../errors.ts'
import type { HttpResponse, StreamSink } from '../../http.ts'
import { type ListOptions, readListOptions } from '../decoding/list-options.ts'
import type { Output } from '../decoding/media-types.ts'
import { encodeObject } from '../object-reader.ts'
import { watchTooOld } from '../reading/expired.ts'
import { checkNotOlderThan, collect, rangeOf } from '../reading/list.ts'
import { parseRevision } from '../reading/revisions.ts'
import { type Selection, selectionOf } from '../reading/selection.ts'
import type { Scope } from '../scope.ts'
import { bookmark } from './bookmarks.ts'
import { type EventEncoder, type EventType, formOf, frame, shaped } from './event-encoder.ts'
import type { OpenWatches } from './open-watches.ts'

const BOOKMARK_INTERVAL = 60_000
/** Before the end of a watch, in seconds. */
const LAST_BOOKMARK = 2
/** Of watches that say nothing, in seconds; doubled at random as kube-apiserver does. */
const MIN_TIMEOUT = 1800
/** `setTimeout` takes no more than this. */
const MAX_TIMER = 2 ** 31 - 1

/** What all watches of a server share. */
export type WatchDeps = { encoder: EventEncoder; open: OpenWatches }

/** Answers a watch; `name` is that of the URL. Throws StatusError when it cannot start. */
export function watchObjects(
  scope: Scope,
  query: URLSearchParams,
  name: string,
  output: Output,
  deps: WatchDeps,
): HttpResponse {
  const options = readListOptions(query, true)
  const selection = selectionOf(scope, options, name)
  const start = startOf(scope, options)
  return {
    status: 200,
    contentType: output.mediaType,
    stream: (sink) => new Watch(scope, options, selection, output, deps, sink).run(start),
  }
}

/** `since` is the revision behind which changes are told; with `initial`, all that there is comes first. */
type Start = { since: number | undefined; initial: boolean }

/** Where a watch begins. Throws StatusError 410, 500, 504. */
function startOf({ deps: { store } }: Scope, { resourceVersion, sendInitialEvents }: ListOptions): Start {
  const revision = resourceVersion === '' ? 0 : parseRevision(resourceVersion)
  if (revision === undefined) {
    const quoted = stringifyJson(resourceVersion)
    const why = `strconv.ParseUint: parsing ${quoted}: invalid syntax`
    throw new StatusError(500, '', `resourceVersion: Invalid value: ${quoted}: ${why}`)
  }
  if (sendInitialEvents === true) {
    checkNotOlderThan(revision, store.revision)
    return { since: undefined, initial: true }
  }
  if (revision === 0) return { since: undefined, initial: sendInitialEvents !== false }
  if (revision < store.compacted) throw watchTooOld(revision, store.compacted)
  return { since: revision, initial: false }
}

class Watch {
  private readonly scope: Scope
  private readonly options: ListOptions
  private readonly selection: Selection
  private readonly output: Output
  private readonly deps: WatchDeps
  private readonly sink: StreamSink
  private readonly endings: (() => void)[] = []
  private readonly form: string
  private tableSent = false
  private ended = false

  constructor(
    scope: Scope,
    options: ListOptions,
    selection: Selection,
    output: Output,
    deps: WatchDeps,
    sink: StreamSink,
  ) {
    this.scope = scope
    this.options = options
    this.selection = selection
    this.output = output
    this.deps = deps
    this.sink = sink
    this.form = formOf(scope, output.shape)
  }

  run(start: Start): void {
    this.sink.onClose(() => this.stop())
    this.attempt(() => this.begin(start))
  }

  private begin({ since, initial }: Start): void {
    this.endings.push(this.deps.open.add(this.scope, () => this.end()))
    this.startTimers()
    const from = initial ? this.sendInitial() : (since ?? this.scope.deps.store.revision)
    if (this.ended) return
    const hear = (event: StoreEvent) => this.attempt(() => this.tell(event))
    this.endings.push(this.scope.deps.store.watch(rangeOf(this.scope), from, hear))
    if (this.ended) this.stop()
  }

  /** A watch cannot answer with an error any more, but can tell it as its last event. */
  private attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (this.ended) return
      const { store, log } = this.scope.deps
      if (!(error instanceof CompactedError)) log.warn({ err: error }, 'watch failed')
      const told = error instanceof CompactedError ? watchTooOld(0, store.compacted) : StatusError.internal(error)
      this.sink.write(frame('ERROR', told.status))
      this.end()
    }
  }

  /** Tells all that there is as added. Answers the revision that this was at. */
  private sendInitial(): number {
    const all: ListOptions = { ...this.options, limit: 0, resourceVersion: '', continue: '' }
    const { items, meta } = collect(this.scope, all, this.selection)
    for (const bytes of items) {
      this.sink.write(frame('ADDED', shaped(this.scope, this.output.shape, bytes, this.tableSent)))
      this.tableSent = true
    }
    const revision = Number(meta.resourceVersion)
    const { sendInitialEvents, allowWatchBookmarks } = this.options
    if (sendInitialEvents === true && allowWatchBookmarks) this.sendBookmark(revision, true)
    return revision
  }

  private tell(event: StoreEvent): void {
    const type = this.typeOf(event)
    if (type === undefined) return
    const { scope } = this
    const { shape } = this.output
    const left = type === 'DELETED' && event.type !== 'DELETED'
    const line = left
      ? frame(type, shaped(scope, shape, stateBefore(scope, event), this.tableSent))
      : this.deps.encoder.line(scope, shape, this.form, type, event, this.tableSent)
    this.sink.write(line)
    this.tableSent = true
  }

  /** What a change is for this watch: an object may come into its selection or leave it. */
  private typeOf(event: StoreEvent): EventType | undefined {
    const { matches } = this.selection
    if (matches === undefined) return event.type
    const { now, before } = this.deps.encoder.objectsOf(this.scope, event)
    const was = before !== undefined && matches(before)
    if (event.type === 'DELETED') return was || (before === undefined && matches(now)) ? 'DELETED' : undefined
    const is = matches(now)
    if (is) return was ? 'MODIFIED' : 'ADDED'
    return was ? 'DELETED' : undefined
  }

  private sendBookmark(revision: number, endsInitialEvents: boolean): void {
    this.sink.write(frame('BOOKMARK', bookmark(this.scope, this.output.shape, revision, endsInitialEvents)))
  }

  private startTimers(): void {
    const { timeoutSeconds, allowWatchBookmarks } = this.options
    const timeout = timeoutSeconds || MIN_TIMEOUT * (1 + Math.random())
    this.after(timeout * 1000, () => this.end())
    if (!allowWatchBookmarks) return
    const tell = () => this.sendBookmark(this.scope.deps.store.revision, false)
    const regular = setInterval(tell, BOOKMARK_INTERVAL)
    regular.unref()
    this.endings.push(() => clearInterval(regular))
    if (timeout > LAST_BOOKMARK) this.after((timeout - LAST_BOOKMARK) * 1000, tell)
  }

  private after(milliseconds: number, action: () => void): void {
    const timer = setTimeout(action, Math.min(milliseconds, MAX_TIMER))
    timer.unref()
    this.endings.push(() => clearTimeout(timer))
  }

  private end(): void {
    this.stop()
    this.sink.end()
  }

  private stop(): void {
    this.ended = true
    for (const ending of this.endings.splice(0)) ending()
  }
}

/** The state before a change that took an object out of the selection, with the revision of the change. */
function stateBefore({ deps, resource, version }: Scope, { entry, previous = entry }: StoreEvent): Buffer {
  const object = deps.reader.object(resource, version, previous)
  object.metadata.resourceVersion = String(entry.revision)
  return encodeObject(object)
}
