import { hasEnded, Migration, MigrationConfiguration, MigrationUsage, Provider } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type CollectionRef, type KubeClient, type WatchEvent, watchResource } from '@resource-broker/kube'
import { type Logger, WatchObstacle } from '@resource-broker/service'

type Options = {
  coordination: KubeClient
  logger: Logger
  signal: AbortSignal
  /** Called after each change, once everything is known; `rules`: MigrationConfigurations or Providers changed. */
  changed: (rules: boolean) => void
}

type Handler = { upsert: (object: KubeObject) => void; gone: (name: string) => void }

/** All Migrations, MigrationConfigurations, where they count Providers, and the record of who runs, as the platform has them; nothing is followed before `start`. */
export class MovesKnown {
  readonly #options: Options
  /** By name: of one that has ended only its uid. */
  readonly #migrations = new Map<string, { uid: string | undefined; open: Migration | undefined }>()
  readonly #configurations = new Map<string, KubeObject>()
  readonly #providers = new Map<string, KubeObject>()
  readonly #obstacles: WatchObstacle[] = []
  #usage: MigrationUsage | undefined
  #started: Promise<void> | undefined
  #withProviders: Promise<void> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Begins to follow them, once, and Providers from when what the platform says of those counts as well; resolves when all are known, or cannot be. */
  async start(withProviders = false): Promise<void> {
    this.#started ??= this.#followAll()
    if (withProviders)
      this.#withProviders ??= this.#follow(Provider.resource, 'Providers', this.#rulesIn(this.#providers))
    await Promise.all([this.#started, this.#withProviders])
  }

  /** Why they are not known; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacles.find(({ reason }) => reason !== undefined)?.reason
  }

  /** Those that have not ended. */
  get migrations(): Migration[] {
    return [...this.#migrations.values()].flatMap(({ open }) => open ?? [])
  }

  get configurations(): KubeObject[] {
    return [...this.#configurations.values()]
  }

  /** A Provider by its name. */
  provider(name: string): KubeObject | undefined {
    return this.#providers.get(name)
  }

  get usage(): MigrationUsage | undefined {
    return this.#usage
  }

  /** What has become of a Migration; one that is not heard of may be new, or be gone. */
  fateOf(name: string, uid: string): 'open' | 'ended' | 'unknown' {
    const known = this.#migrations.get(name)
    if (known?.uid !== uid) return 'unknown'
    return known.open === undefined ? 'ended' : 'open'
  }

  /** The watch may tell of what is older than an answer. */
  see(usage: MigrationUsage): void {
    const before = this.#usage?.metadata
    const { uid, resourceVersion: version = '0' } = usage.metadata
    if (before !== undefined && before.uid === uid && BigInt(before.resourceVersion ?? '0') >= BigInt(version)) return
    this.#usage = usage
  }

  async #followAll(): Promise<void> {
    await Promise.all([
      this.#follow(Migration.resource, 'Migrations', {
        upsert: (object) => this.#seeMigration(object),
        gone: (name) => this.#migrations.delete(name),
      }),
      this.#follow(MigrationUsage.resource, 'MigrationUsages', {
        upsert: (object) => this.see(MigrationUsage.of(object)),
        gone: () => {
          this.#usage = undefined
        },
      }),
      this.#follow(MigrationConfiguration.resource, 'MigrationConfigurations', this.#rulesIn(this.#configurations)),
    ])
  }

  /** Keeps what moves go by; its status does not count. */
  #rulesIn(kept: Map<string, KubeObject>): Handler {
    return {
      upsert: (object) => {
        const before = kept.get(object.metadata.name)?.metadata
        kept.set(object.metadata.name, object)
        const { uid, generation } = object.metadata
        if (before?.uid !== uid || before.generation !== generation) this.#tell(true)
      },
      gone: (name) => {
        kept.delete(name)
        this.#tell(true)
      },
    }
  }

  /** One that nobody can read moves nothing. */
  #seeMigration(object: KubeObject): void {
    const { name, uid } = object.metadata
    const parsed = Migration.parse(object)
    const isOpen = parsed.ok && !hasEnded(parsed.value)
    this.#migrations.set(name, { uid, open: isOpen ? parsed.value : undefined })
  }

  #tell(rules: boolean): void {
    if (this.obstacle === undefined) this.#options.changed(rules)
  }

  async #follow(resource: CollectionRef, plural: string, { upsert, gone }: Handler): Promise<void> {
    const { coordination, logger, signal } = this.#options
    const obstacle = new WatchObstacle(plural)
    this.#obstacles.push(obstacle)
    await new Promise<void>((heard) => {
      const handler = {
        upsert: (object: object) => {
          upsert(object as KubeObject)
          this.#tell(false)
        },
        delete: ({ name }: { name: string }) => {
          gone(name)
          this.#tell(false)
        },
        synced: () => {
          obstacle.synced()
          this.#tell(true)
          heard()
        },
        report: (event: WatchEvent) => {
          obstacle.heed(event, logger)
          if (event.type === 'absent' || event.type === 'disconnected') heard()
        },
      }
      watchResource(coordination, resource, handler, { signal })
    })
  }
}
