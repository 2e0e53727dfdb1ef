import { EventEmitter } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import type { Bucket } from '@resource-broker/bus'
import {
  clusterOf,
  ENDPOINT_SLICES,
  EndpointSet,
  type EndpointSlice,
  exportOf,
  followExportedResources,
  type KubeClient,
  urlsOf,
  type WatchEvent,
  watchResource,
} from '@resource-broker/kube'
import { z } from 'zod'
import type { Logger } from '../../logger.ts'
import type { BrokeredKind } from '../clusters.ts'

/** What is remembered of one slice, so that a restart while its shard is away finds what runs on other shards. */
export const rememberedSlice = z.object({
  name: z.string(),
  export: z.object({ path: z.string(), name: z.string() }),
  /** The logical cluster that the slice is in. */
  cluster: z.string(),
  urls: z.array(z.string()),
  kinds: z.array(
    z.object({
      ...{ group: z.string(), version: z.string(), kind: z.string(), resource: z.string() },
      namespaced: z.boolean().exactOptional(),
    }),
  ),
})
type Remembered = z.infer<typeof rememberedSlice>

/** An APIExportEndpointSlice: where the export's consumers are, and the kinds that it exports. */
export class Slice {
  readonly name: string
  readonly export: Remembered['export']
  readonly cluster: string
  readonly endpoints = new EndpointSet()
  kinds: (BrokeredKind & { resource: string })[]
  readonly stopping = new AbortController()

  constructor({ name, export: of, cluster, urls, kinds }: Remembered) {
    this.name = name
    this.export = of
    this.cluster = cluster
    this.kinds = kinds
    this.endpoints.set(urls)
  }
}

type Events = {
  added: [slice: Slice]
  removed: [slice: Slice]
  /** Other kinds than before. */
  changed: [slice: Slice]
}

type Options = {
  /** The whole kcp. */
  base: KubeClient
  /** Path of the workspace with the slices. */
  workspace: string
  bucket: Bucket<Remembered>
  /** Apart from other workspaces' slices in the bucket. */
  prefix: string
  logger: Logger
  /** Why a slice is not to be followed, if it is not. */
  misfit?: (slice: EndpointSlice) => string | undefined
  /** Whether what a slice's export exports matters. */
  readsKinds: (slice: string) => boolean
}

/** Why the set of services for `shard` does not follow a brokered kind's slice: other sets would decide on the same objects. */
export function unpartitioned({ metadata, spec }: EndpointSlice, shard: string | undefined): string | undefined {
  if (shard === undefined || spec.partition !== undefined) return undefined
  return `the APIExportEndpointSlice ${metadata.name} is not followed: it has no partition, and --shard ${shard} is for consumers of one shard`
}

/** All APIExportEndpointSlices of one workspace, by one watch; they may come, change and go at run time. */
export class Slices extends EventEmitter<Events> {
  readonly #options: Options
  readonly #slices = new Map<string, Slice>()
  readonly #kept = new Map<string, Remembered>()
  readonly #stopping = new AbortController()
  /** Why the slices cannot be read now. */
  obstacle: string | undefined

  constructor(options: Options) {
    super()
    this.#options = options
  }

  get all(): Slice[] {
    return [...this.#slices.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  get(name: string): Slice | undefined {
    return this.#slices.get(name)
  }

  /** Follows the slices from now on. Resolves when they were read, or when they cannot be and some are remembered. */
  async start(): Promise<void> {
    await this.#recall()
    const { base, workspace } = this.#options
    await new Promise<void>((resolve) => {
      watchResource(
        base.below(`/clusters/${workspace}`),
        ENDPOINT_SLICES,
        {
          upsert: (object) => this.#take(object as EndpointSlice),
          delete: ({ name }) => this.#drop(name),
          synced: () => {
            this.#forgetAllBut(new Set(this.#seen))
            resolve()
          },
          report: (event) => {
            this.#heed(event)
            if (this.obstacle !== undefined && this.#slices.size > 0) resolve()
          },
        },
        { signal: this.#stopping.signal },
      )
    })
    this.#options.bucket.onLost(() => {
      for (const kept of this.#kept.values()) this.#put(kept)
    })
  }

  stop(): void {
    this.#stopping.abort()
    for (const { stopping } of this.#slices.values()) stopping.abort()
  }

  readonly #seen = new Set<string>()

  #heed(event: WatchEvent): void {
    const { logger, workspace } = this.#options
    if (event.type === 'connected') this.obstacle = undefined
    else if (event.type === 'disconnected' || event.type === 'absent') {
      const why = event.type === 'absent' ? 'they are not served' : (event.error as Error).message
      const message = `the APIExportEndpointSlices of ${workspace} cannot be read: ${why}`
      if (this.obstacle !== message) logger.warn(message)
      this.obstacle = message
    }
  }

  async #recall(): Promise<void> {
    const { bucket, prefix } = this.#options
    const reading = new AbortController()
    for await (const entry of bucket.watch(reading.signal)) {
      if (entry === 'ready') break
      if (entry.value === undefined || !entry.key.startsWith(`${prefix}.`)) continue
      this.#kept.set(entry.value.name, entry.value)
      this.#add(new Slice(entry.value))
    }
    reading.abort()
  }

  #add(slice: Slice): void {
    const { base, logger, readsKinds } = this.#options
    this.#slices.set(slice.name, slice)
    this.emit('added', slice)
    if (!readsKinds(slice.name)) return
    const { path, name } = slice.export
    followExportedResources(
      base,
      slice.export,
      {
        changed: (kinds) => {
          if (kinds === undefined) {
            logger.warn({ slice: slice.name, export: `${path}:${name}` }, 'there is no such APIExport any more')
            return // the bindings go on serving what they have
          }
          if (isDeepStrictEqual(kinds, slice.kinds)) return
          slice.kinds = kinds
          this.#remember(slice)
          logger.info({ slice: slice.name, kinds }, 'brokered kinds')
          this.emit('changed', slice)
        },
        report: (event) => {
          if (event.type === 'disconnected')
            logger.warn({ export: `${path}:${name}`, err: event.error }, 'the APIExport cannot be read')
          if (event.type === 'absent')
            logger.warn({ export: `${path}:${name}` }, 'the APIExport cannot be read: APIExports are not served there')
        },
      },
      { signal: slice.stopping.signal },
    )
  }

  #take(object: EndpointSlice): void {
    const { name } = object.metadata
    const misfit = this.#options.misfit?.(object)
    if (misfit !== undefined) {
      this.#options.logger.error(misfit)
      this.#drop(name)
      return
    }
    this.#seen.add(name)
    const of = exportOf(object)
    const known = this.#slices.get(name)
    if (known !== undefined && !isDeepStrictEqual(known.export, of)) this.#drop(name)
    const slice =
      this.#slices.get(name) ?? new Slice({ name, export: of, cluster: clusterOf(object), urls: [], kinds: [] })
    if (!this.#slices.has(name)) this.#add(slice)
    slice.endpoints.set(urlsOf(object))
    this.#remember(slice)
  }

  #drop(name: string): void {
    const slice = this.#slices.get(name)
    if (slice === undefined) return
    this.#slices.delete(name)
    this.#seen.delete(name)
    this.#kept.delete(name)
    slice.stopping.abort()
    slice.endpoints.set([])
    this.emit('removed', slice)
    void this.#options.bucket.delete(this.#key(name)).catch((err: unknown) => this.#unkept(err))
  }

  #forgetAllBut(seen: Set<string>): void {
    for (const { name } of this.all) if (!seen.has(name)) this.#drop(name)
  }

  #remember({ name, export: of, cluster, endpoints, kinds }: Slice): void {
    const now = { name, export: of, cluster, urls: [...endpoints.urls], kinds }
    if (isDeepStrictEqual(this.#kept.get(name), now)) return
    this.#kept.set(name, now)
    this.#put(now)
  }

  #put(kept: Remembered): void {
    void this.#options.bucket.put(this.#key(kept.name), kept).catch((err: unknown) => this.#unkept(err))
  }

  #key(name: string): string {
    return `${this.#options.prefix}.${Buffer.from(name).toString('hex')}`
  }

  #unkept(err: unknown): void {
    this.#options.logger.debug({ err }, 'endpoints are not remembered now') // put again when the bucket is there
  }
}
