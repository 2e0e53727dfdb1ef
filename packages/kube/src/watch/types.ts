import type { CollectionRef } from '../refs.ts'

/** What is known of an object without keeping it. */
export type Gone = { cluster?: string; namespace?: string; name: string; uid: string }
export type Known = Gone & { resourceVersion: string }

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
