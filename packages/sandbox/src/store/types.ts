/** Where an object stands. `resource` is `Resource.storage`; `namespace` is '' for cluster-scoped ones. */
export type ObjectKey = { resource: string; cluster: string; namespace: string; name: string }

/** Part of the store; an absent field means all. */
export type Range = { resource: string; cluster?: string; namespace?: string }

/** One object at one revision. `bytes` is its JSON with `metadata.resourceVersion` = `revision`, ready to be sent; never changed. */
export type Entry = { readonly key: ObjectKey; readonly revision: number; readonly bytes: Buffer }

export type StoreEvent = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** Of a deletion, the last state, encoded with the revision of the deletion. */
  entry: Entry
  /** State before the change. */
  previous?: Entry
}

/** Encodes an object once its revision is known. */
export type Encode = (revision: number) => Buffer

export type ListOptions = {
  /** Items wanted at most. */
  limit?: number
  /** Continue behind this key. */
  after?: { cluster: string; namespace: string; name: string }
  /** As it was at this revision; throws CompactedError when that is not known any more. */
  revision?: number
}

/** `more` tells whether items were left; `remaining` how many. Ordered by cluster, namespace, name. */
export type Page = { entries: Entry[]; revision: number; more: boolean; remaining: number }

/**
 * The objects of one shard, versioned. All calls are synchronous, so a read and the write that follows it are one step;
 * only `durable` waits. Revisions start at 1, grow by one per write, over all resources and clusters.
 */
export interface Store {
  readonly revision: number
  /** Oldest revision that a watch can start from. */
  readonly compacted: number
  get(key: ObjectKey): Entry | undefined
  list(range: Range, options?: ListOptions): Page
  /** How many objects there are in `range`. */
  count(range: Range): number
  /** Logical clusters that hold at least one object of `resource`. */
  clusters(resource: string): Iterable<string>
  /** Resource prefixes that hold at least one object in `cluster`. */
  resources(cluster: string): Iterable<string>
  /** Throws ExistsError. */
  create(key: ObjectKey, encode: Encode): Entry
  /** Throws MissingError, or StaleError when the object's revision is not `expected`. */
  update(key: ObjectKey, expected: number, encode: Encode): Entry
  delete(key: ObjectKey, expected: number, encode: Encode): Entry
  /**
   * Calls `listener` for every later change in `range`, at once for those after `since`. Events come synchronously, in order
   * of revision. Returns a function that ends it. Throws CompactedError.
   */
  watch(range: Range, since: number, listener: (event: StoreEvent) => void): () => void
  /** All objects of all resources. The store must not change meanwhile. */
  all(): Iterable<Entry>
  /** Calls `listener` for every later change of any resource, as `watch` does. Returns a function that ends it. */
  watchAll(listener: (event: StoreEvent) => void): () => void
  /** Resolves when all that was written so far would survive a kill -9; rejects when the disk refuses. */
  durable(): Promise<void>
  /** Forgets the history up to `revision`. */
  compact(revision: number): void
  close(): Promise<void>
}

/** Something was to be created that is there already. */
export class ExistsError extends Error {
  override readonly name = 'ExistsError'
}

/** Something was to be changed that is not there. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

/** Something was to be changed that has changed meanwhile. */
export class StaleError extends Error {
  override readonly name = 'StaleError'
}

/** The history that is asked for was forgotten. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError'
}
