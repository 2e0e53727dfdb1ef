import { type ClientOptions, KubeClient } from '../client.ts'
import type { Endpoint } from '../clusters/kubeconfig.ts'
import type { Gone, WatchEvent, WatchedObject, WatchOptions } from '../watch/types.ts'
import { type Watch, watchResource } from '../watch/watch.ts'
import { clusterOf } from './endpoint-slices.ts'
import { ExportEndpoints } from './export-endpoints.ts'

/** The logical cluster that a watched object is in, as the owner of the export may see it. */
export type BoundCluster = {
  /** Its name. */
  cluster: string
  /** What is written to the object and beside it goes here. */
  client: KubeClient
  /** Aborts when the endpoint is no more, or all ends: nothing there is worth trying again. */
  signal: AbortSignal
  /** Lists what is behind the same endpoint anew, and hands all of it over again. */
  restart: () => void
}

export type ExportWatchEvent =
  | { type: 'added'; url: string }
  | { type: 'removed'; url: string }
  /** Of the watch at an endpoint, or of the one on the slice: then `url` is the workspace's. */
  | { type: 'watch'; url: string; event: WatchEvent }

/** As a WatchHandler, one call after another for each endpoint. */
export type ExportWatchHandler = {
  upsert: (object: WatchedObject, at: BoundCluster) => void | Promise<void> | undefined
  /** Not called for what was behind an endpoint that is no more: whether it still exists, nobody can say. */
  delete: (gone: Gone, at: BoundCluster) => void | Promise<void> | undefined
  report?: (event: ExportWatchEvent) => void
}

export type ExportWatchOptions = Omit<WatchOptions, 'clusterOf' | 'namespace'> & {
  /** Name of an APIExportEndpointSlice in the workspace of `home`. */
  slice: string
  client?: ClientOptions
}

/**
 * Follows a resource in all logical clusters that are bound to an APIExport: one watch for each endpoint of the slice, thus for each
 * shard that has such. Endpoints come and go while it runs; one that is away holds up no other. `home` is the workspace with the
 * slice; its credentials are used at the endpoints too, where they need the resource `apiexports/content` of the export.
 */
export function watchExport(
  home: Endpoint,
  options: ExportWatchOptions,
  handler: ExportWatchHandler,
  { signal }: { signal: AbortSignal },
): Pick<Watch, 'ended'> {
  const { slice, client: clientOptions, ...watched } = options
  const client = new KubeClient(home, clientOptions)
  const endpoints = new ExportEndpoints(client, slice, (event) =>
    handler.report?.({ type: 'watch', url: home.server, event }),
  )
  const stops = new Map<string, AbortController>()
  const running = new Set<Promise<void>>()
  endpoints.on('added', (url) => {
    const stopping = new AbortController()
    stops.set(url, stopping)
    handler.report?.({ type: 'added', url })
    const endpoint = new KubeClient({ ...home, server: url }, clientOptions)
    const ended = watchEndpoint(endpoint, url, watched, handler, stopping.signal).then(() => {
      endpoint.close()
      running.delete(ended)
    })
    running.add(ended)
  })
  endpoints.on('removed', (url) => {
    stops.get(url)?.abort()
    stops.delete(url)
    handler.report?.({ type: 'removed', url })
  })
  void endpoints.start()
  const stop = async () => {
    endpoints.stop()
    for (const stopping of stops.values()) stopping.abort()
    await Promise.all(running)
    client.close()
  }
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return { ended: aborted.then(stop) }
}

/** Resolves when the watch has ended and no handler runs any more. */
function watchEndpoint(
  endpoint: KubeClient,
  url: string,
  watched: Omit<WatchOptions, 'clusterOf'>,
  handler: ExportWatchHandler,
  signal: AbortSignal,
): Promise<void> {
  const at = (cluster: string): BoundCluster => ({
    cluster,
    client: endpoint.below(`/clusters/${cluster}`),
    signal,
    restart: () => watch.restart(),
  })
  const watch = watchResource(
    endpoint.below('/clusters/*'),
    { ...watched, clusterOf },
    {
      upsert: (object) => handler.upsert(object, at(clusterOf(object))),
      delete: (gone) => handler.delete(gone, at(gone.cluster ?? '')),
      report: (event) => handler.report?.({ type: 'watch', url, event }),
    },
    { signal },
  )
  return watch.ended
}
