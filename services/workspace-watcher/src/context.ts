import type { Part, Publication } from '@resource-broker/bus'
import type { ResourceRef, WatchEvent } from '@resource-broker/kube'
import type { Logger, Origin, View } from '@resource-broker/service'
import type { KeyBook } from './key-book.ts'
import type { ProviderBook } from './provider-book.ts'

/**
 * What became of a publication: `sequence` is that of the last message of its subject now. It tells the same or more, or
 * (`isDoubtful`) something of which only the API server can say whether it is the newer; where the publication was that an object is gone, of
 * another one, of which the watch may know nothing.
 */
export type Heard = (sequence: number, isDoubtful: boolean) => void

/**
 * Where there are traces: that a snapshot is a step, which goes on with something or begins a trace; or that it is none, and only
 * passes on which trace its object belongs to.
 */
export type TraceOf = { is: 'step'; origin?: Origin } | { is: 'echo'; traceparent: string }

/** What the watches of the watcher work with. */
export type WatcherContext = {
  logger: Logger
  providers: Pick<ProviderBook, 'count' | 'listStuck' | 'follow'>
  /** Under which key an object goes. */
  keys: KeyBook
  /** Publishes what is news; returns a promise, which never rejects, only when so much is under way that the watch should wait. */
  publish: <P extends Part>(
    publication: Publication<P>,
    heard: Heard,
    trace?: TraceOf | undefined,
  ) => Promise<void> | undefined
  /** Resolves when the stream has what was published until now. */
  settled: () => Promise<void>
  reportWatch: (view: View, resource: ResourceRef, event: WatchEvent) => void
  /** Calls back when a cluster has come into view, until the signal aborts. */
  onCluster: (listener: (cluster: string) => void, signal: AbortSignal) => void
}
