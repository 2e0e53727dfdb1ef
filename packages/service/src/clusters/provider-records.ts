import { EventEmitter } from 'node:events'
import { conditionTypes, getCondition, Provider } from '@resource-broker/api'
import { type KubeClient, type WatchEvent, type WatchedObject, watchResource } from '@resource-broker/kube'
import type { Logger } from '../logger.ts'
import { WatchObstacle } from '../watch-obstacle.ts'
import type { PresenceEvent } from './presence.ts'

type Events = { event: [event: PresenceEvent] }

/** What the platform's Providers say, by one watch. */
export class ProviderRecords extends EventEmitter<Events> {
  /** By the name that Assignments know the provider by. */
  readonly #records = new Map<string, Provider>()
  /** That name, by the name of the Provider. */
  readonly #clusters = new Map<string, string>()
  readonly #synced = Promise.withResolvers<void>()
  readonly #obstacle = new WatchObstacle('Providers')

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacle.reason
  }

  get(cluster: string): Provider | undefined {
    return this.#records.get(cluster)
  }

  /** Follows them until the signal aborts. Resolves when all are known, or it is certain that this takes longer. */
  async follow(coordination: KubeClient, logger: Logger, signal: AbortSignal): Promise<void> {
    watchResource(
      coordination,
      Provider.resource,
      {
        upsert: (object) => this.#take(object, logger),
        delete: ({ name }) => this.#forget(name),
        synced: () => {
          this.#obstacle.synced()
          this.#synced.resolve()
        },
        report: (event) => this.#heed(event, logger),
      },
      { signal },
    )
    await this.#synced.promise
  }

  #heed(event: WatchEvent, logger: Logger): void {
    this.#obstacle.heed(event, logger)
    if (this.#obstacle.reason !== undefined && event.type !== 'connected') this.#synced.resolve()
  }

  #take(object: WatchedObject, logger: Logger): void {
    const read = Provider.parse(object)
    if (!read.ok) {
      logger.error({ provider: object.metadata.name, mistakes: read.mistakes }, 'a Provider cannot be read')
      return
    }
    const { metadata, spec, status } = read.value
    this.#clusters.set(metadata.name, spec.providerCluster)
    this.#records.set(spec.providerCluster, read.value)
    const reachable = getCondition(status?.conditions, conditionTypes.reachable)
    const awaySince = reachable?.status === 'False' ? new Date(reachable.lastTransitionTime) : undefined
    const said = { uid: status?.clusterUID, lost: spec.lost === true, awaySince }
    this.emit('event', { type: 'recorded', name: spec.providerCluster, ...said })
  }

  #forget(name: string): void {
    const cluster = this.#clusters.get(name)
    this.#clusters.delete(name)
    if (cluster === undefined) return
    this.#records.delete(cluster)
    this.emit('event', { type: 'forgotten', name: cluster })
  }
}
