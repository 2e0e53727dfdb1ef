import { History, type HistoryLimits } from './history.ts'
import type { Journal } from './journal.ts'
import { comparePositions, type ObjectTree, type Position } from './object-tree.ts'
import { ownCopy } from './own-copy.ts'
import {
  type Encode,
  type Entry,
  ExistsError,
  type ListOptions,
  MissingError,
  type ObjectKey,
  type Page,
  type Range,
  StaleError,
  type Store,
  type StoreEvent,
} from './types.ts'
import { EVERY_RESOURCE, Watchers } from './watchers.ts'

type Parts = {
  tree: ObjectTree
  revision: number
  history: HistoryLimits
  /** Absent in memory alone. */
  journal?: Journal
  onListenerError: (error: unknown) => void
}

/** The objects in memory; a journal keeps them on disk as well. */
export class ObjectStore implements Store {
  readonly #tree: ObjectTree
  readonly #history: History
  readonly #watchers: Watchers
  readonly #journal: Journal | undefined
  #revision: number

  constructor({ tree, revision, history, journal, onListenerError }: Parts) {
    this.#tree = tree
    this.#revision = revision
    this.#history = new History(history, revision)
    this.#watchers = new Watchers(onListenerError)
    this.#journal = journal
  }

  get revision(): number {
    return this.#revision
  }

  get compacted(): number {
    return this.#history.compacted
  }

  get(key: ObjectKey): Entry | undefined {
    return this.#tree.get(key)
  }

  list(range: Range, { limit = Number.POSITIVE_INFINITY, after, revision = this.#revision }: ListOptions = {}): Page {
    if (revision >= this.#revision) {
      const entries = take(this.#tree.walk(range, after), limit)
      return this.#page(entries, this.#revision, this.#tree.count(range, after))
    }
    const earlier = this.#earlier(range, revision, after)
    const difference = earlier.reduce((sum, { then, now }) => sum + (then ? 1 : 0) - (now ? 1 : 0), 0)
    const entries = take(merged(this.#tree.walk(range, after), earlier), limit)
    return this.#page(entries, revision, this.#tree.count(range, after) + difference)
  }

  count(range: Range): number {
    return this.#tree.count(range)
  }

  clusters(resource: string): Iterable<string> {
    return this.#tree.clusters(resource)
  }

  resources(cluster: string): Iterable<string> {
    return this.#tree.resources(cluster)
  }

  create(key: ObjectKey, encode: Encode): Entry {
    if (this.#tree.get(key) !== undefined) throw new ExistsError(`${textOf(key)} exists`)
    const revision = this.#revision + 1
    return this.#put('ADDED', key, revision, ownCopy(encode(revision)), undefined)
  }

  update(key: ObjectKey, expected: number, encode: Encode): Entry {
    const previous = this.#expect(key, expected)
    const revision = this.#revision + 1
    return this.#put('MODIFIED', key, revision, ownCopy(encode(revision)), previous)
  }

  delete(key: ObjectKey, expected: number, encode: Encode): Entry {
    const previous = this.#expect(key, expected)
    const revision = this.#revision + 1
    const entry = { key: previous.key, revision, bytes: ownCopy(encode(revision)) }
    this.#journal?.remove(previous, revision)
    this.#tree.remove(key)
    this.#publish({ type: 'DELETED', entry, previous })
    return entry
  }

  watch(range: Range, since: number, listener: (event: StoreEvent) => void): () => void {
    const missed = this.#history.after(since, range)
    return this.#watchers.add(range, missed, Math.max(since, this.#revision), listener)
  }

  all(): Iterable<Entry> {
    return this.#tree.all()
  }

  watchAll(listener: (event: StoreEvent) => void): () => void {
    return this.#watchers.add({ resource: EVERY_RESOURCE }, [], this.#revision, listener)
  }

  async durable(): Promise<void> {
    // In memory, too, the answers of one turn go out together: events leave before them, and clients send more at a time.
    await (this.#journal === undefined ? endOfTurn() : this.#journal.written())
  }

  compact(revision: number): void {
    this.#history.compact(revision)
  }

  async close(): Promise<void> {
    await this.#journal?.close()
  }

  #put(type: 'ADDED' | 'MODIFIED', key: ObjectKey, revision: number, bytes: Buffer, previous?: Entry): Entry {
    this.#journal?.put(key, revision, bytes, previous)
    const entry = this.#tree.put(key, revision, bytes)
    this.#publish(previous === undefined ? { type, entry } : { type, entry, previous })
    return entry
  }

  #publish(event: StoreEvent): void {
    this.#revision = event.entry.revision
    this.#history.push(event)
    this.#watchers.publish(event)
  }

  #expect(key: ObjectKey, expected: number): Entry {
    const entry = this.#tree.get(key)
    if (entry === undefined) throw new MissingError(`there is no ${textOf(key)}`)
    if (entry.revision !== expected) {
      throw new StaleError(`${textOf(key)} is at revision ${entry.revision}, not at ${expected}`)
    }
    return entry
  }

  #page(entries: Entry[], revision: number, available: number): Page {
    const remaining = available - entries.length
    return { entries, revision, more: remaining > 0, remaining }
  }

  /** What was different at `revision`, in order: the oldest later event of each object tells. */
  #earlier(range: Range, revision: number, after: Position | undefined): Difference[] {
    const previous = new Map<string, Difference>()
    for (const { entry, previous: then } of this.#history.after(revision, range)) {
      const { key } = entry
      const id = `${key.cluster}/${key.namespace}/${key.name}`
      if (previous.has(id) || (after !== undefined && comparePositions(key, after) <= 0)) continue
      previous.set(id, { key, then, now: this.#tree.get(key) !== undefined })
    }
    return [...previous.values()].sort((a, b) => comparePositions(a.key, b.key))
  }
}

type Difference = { key: ObjectKey; then: Entry | undefined; now: boolean }

function take(entries: Iterable<Entry>, limit: number): Entry[] {
  const taken: Entry[] = []
  if (limit <= 0) return taken
  for (const entry of entries) {
    taken.push(entry)
    if (taken.length >= limit) break
  }
  return taken
}

/** The present entries with the differences put in their places. */
function* merged(present: Iterable<Entry>, differences: readonly Difference[]): Generator<Entry> {
  let next = 0
  for (const entry of present) {
    let difference = differences[next]
    while (difference !== undefined && comparePositions(difference.key, entry.key) < 0) {
      if (difference.then !== undefined) yield difference.then
      difference = differences[++next]
    }
    if (difference === undefined || comparePositions(difference.key, entry.key) > 0) yield entry
    else {
      if (difference.then !== undefined) yield difference.then
      next++
    }
  }
  for (const { then } of differences.slice(next)) if (then !== undefined) yield then
}

function textOf({ resource, cluster, namespace, name }: ObjectKey): string {
  return `${resource} ${cluster}/${namespace === '' ? '' : `${namespace}/`}${name}`
}

let end: Promise<void> | undefined

/** Resolves when the event loop has heard of all that has come so far; the same promise for all who ask within one turn. */
function endOfTurn(): Promise<void> {
  end ??= new Promise((resolve) =>
    setImmediate(() => {
      end = undefined
      resolve()
    }),
  )
  return end
}
