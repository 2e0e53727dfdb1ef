import type { KubeClient } from '../client.ts'
import type { Known, WatchHandler, WatchOptions } from './types.ts'
import { WatchLoop } from './watch-loop.ts'

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
