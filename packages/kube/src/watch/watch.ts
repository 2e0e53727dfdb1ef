import type { KubeClient } from '../client.ts'
import type { CollectionRef } from '../refs.ts'
import type { Gone, Known } from './object-index.ts'
import { WatchLoop } from './watch-loop.ts'

type Metadata = {
  namespace?: string
  name: string
  uid: string
  resourceVersion: string
  annotations?: Record<string, string>
}
export type WatchedObject = { metadata: Metadata }

/**
 * Called one after another, in the order of the events; a promise holds the next one back. What a handler throws makes the view be
 * listed anew, and the same call comes again: nothing counts as told before its handler ended well.
 */
export type WatchHandler = {
  /** An object that is new, or has another resourceVersion or uid than before. Without metadata.managedFields. */
  upsert: (object: WatchedObject) => void | Promise<void> | undefined
  delete: (gone: Gone) => void | Promise<void> | undefined
  /** The view is complete: at the first time, and each time after it was listed anew. */
  synced?: () => void | Promise<void> | undefined
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
  /** Which logical cluster an object is in, where one endpoint serves many (annotation kcp.io/cluster). */
  clusterOf?: (object: WatchedObject) => string
  /**
   * A watch that says nothing for so long is taken for dead, 150,000 if left out: kube-apiserver sends a bookmark a minute, but none
   * in the first two minutes of a resource without changes. A peer that is off the network is seen after 20 s by TCP's keep-alive.
   */
  silenceMs?: number
  /** The same for the time until the first list is complete; 30,000 if left out. */
  listSilenceMs?: number
  firstRetryMs?: number
  lastRetryMs?: number
  random?: () => number
}

/** A watch that goes on until its signal aborts. */
export type Watch = {
  /** Lists anew and hands everything over again. */
  restart: () => void
  /** Namespace/name of what is there now (cluster/namespace/name with `clusterOf`), with uid and resourceVersion. */
  known: ReadonlyMap<string, Known>
  /** Resolves when the watch has ended and no handler runs any more. */
  ended: Promise<void>
}

/**
 * Follows a collection without losing or inventing an event, whatever happens to the connection or the server. Starts with a
 * streaming list (KEP-3157) and with a list where the server refuses that; what vanished during a gap is reported as deleted.
 */
export function watchResource(
  client: KubeClient,
  options: WatchOptions,
  handler: WatchHandler,
  { signal }: { signal: AbortSignal },
): Watch {
  const loop = new WatchLoop(client, options, handler, signal)
  return { restart: () => loop.restart(), known: loop.known, ended: loop.run() }
}
