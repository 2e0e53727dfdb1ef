import type { Part } from './layout.ts'
import type { KeyView } from './partition-view.ts'

/**
 * What a reconcile of a key came to. Nothing else schedules another look at it; an error counts as a wait that grows. `againAfterMs`: all
 * is done, and is looked at once more then if nothing is told of the key before.
 */
export type Outcome = { done: true; againAfterMs?: number } | { requeueAfterMs: number; reason: string }
export const DONE: Outcome = { done: true }

/** What ends with the ownership of a partition. */
export type Fence = {
  /** Aborted when the ownership is over, or may be. */
  signal: AbortSignal
  /** Called before each write. @throws {OwnershipLostError} when the ownership is over, or may be. */
  check: () => void
}

/** One look at one key, by the replica that owns its partition. */
export type Run<M = undefined> = {
  key: string
  view: KeyView
  /** From 1, counted since the key was last done with. */
  attempt: number
  fence: Fence
  /** Of the partition: made when it was taken over, gone with it. */
  memory: M
}

export type PartitionConsumerOptions<M = undefined> = {
  service: string
  /** Parts whose change is a reason to look at the key again. */
  parts: Part[]
  /** Further parts that a reconcile reads but is not called for. */
  alsoLoad?: Part[]
  /** Keys that are worked on at once, over all partitions. */
  concurrency: number
  reconcile: (run: Run<M>) => Promise<Outcome>
  /** Makes what a replica remembers of a partition for as long as it owns it. */
  remember: () => M
  /** A message on the partition's own subject; it is handled like a key, after the keys that came before it. */
  reconcilePartition?: (partition: PartitionHandle<M>) => Promise<void>
  report?: (event: ConsumerEvent) => void
}

export type ConsumerEvent =
  | { type: 'failed'; key: string; error: unknown; retryInMs: number }
  /** A run that outlived the ownership of its partition. */
  | { type: 'given up'; key: string; error: unknown }
  | { type: 'requeued'; key: string; reason: string; retryInMs: number }
  | { type: 'parked'; key: string; reason: string }
  | { type: 'reconciled'; key: string; seconds: number }
  | { type: 'took over'; partition: number; keys: number }
  | { type: 'restarting'; partition: number; reason: string }

/** A partition as its owner sees it. */
export type PartitionHandle<M = undefined> = {
  partition: number
  memory: M
  keys: () => IterableIterator<string>
  view: (key: string) => KeyView
  /** Reconciles a key now, in turn with everything else of that key. */
  reconcile: (key: string) => void
}
