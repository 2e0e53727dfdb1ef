import { compilePolicy, PlacementPolicy, PolicyIndex } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type KubeClient, type WatchEvent, watchResource } from '@resource-broker/kube'
import { type Logger, WatchObstacle } from '@resource-broker/service'

type Options = {
  coordination: KubeClient
  logger: Logger
  /** Called after what a policy says changed, once all are known. */
  changed: () => void
}

/** The platform's PlacementPolicies, by one watch. */
export class Policies {
  readonly index = new PolicyIndex()
  readonly #options: Options
  /** Which life and generation of each is known: its status is no news. */
  readonly #known = new Map<string, { uid: string; generation: number }>()
  readonly #obstacle = new WatchObstacle('PlacementPolicies')

  constructor(options: Options) {
    this.#options = options
  }

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacle.reason
  }

  /** Whether what a policy says there, or something newer, is what counts here. */
  counts({ metadata: { name, uid, generation = 0 } }: Pick<KubeObject, 'metadata'>): boolean {
    const known = this.#known.get(name)
    return known !== undefined && known.uid === uid && known.generation >= generation
  }

  /** Resolves once all are known: until then nobody can say where an object may go. Goes on in the background until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { coordination, logger } = this.#options
    await new Promise<void>((synced) => {
      const handler = {
        upsert: (object: object) => this.#take(object as KubeObject),
        delete: ({ name }: { name: string }) => this.#forget(name),
        synced: () => {
          this.#obstacle.synced()
          synced()
        },
        report: (event: WatchEvent) => this.#obstacle.heed(event, logger),
      }
      watchResource(coordination, PlacementPolicy.resource, handler, { signal })
    })
  }

  #take(object: KubeObject): void {
    const { name, uid, generation = 0 } = object.metadata
    const before = this.#known.get(name)
    if (before?.uid === uid && before.generation === generation) return
    this.#known.set(name, { uid, generation })
    const { policy, mistakes } = compilePolicy(object)
    if (policy === undefined) {
      this.#options.logger.error({ policy: name, mistakes }, 'a PlacementPolicy cannot be read, and counts for nothing')
      this.index.delete(name)
    } else this.index.set(policy)
    this.#tell()
  }

  #forget(name: string): void {
    this.#known.delete(name)
    this.index.delete(name)
    this.#tell()
  }

  #tell(): void {
    if (this.obstacle === undefined) this.#options.changed()
  }
}
