import { EventEmitter } from 'node:events'
import { annotations, StagingWorkspace } from '@resource-broker/api'
import { type Gone, isBefore, type KubeClient, watchResource } from '@resource-broker/kube'
import type { Logger } from '../../logger.ts'
import { WatchObstacle } from '../../watch-obstacle.ts'

type Events = {
  changed: [record: StagingWorkspace]
  removed: [record: StagingWorkspace]
}

/** Whose copies a workspace holds, and where. */
type Pair = { consumer: string; provider: string }

/** The platform's StagingWorkspaces: how far the workspaces that hold copies are, and why one cannot be made. */
export class StagingRecords extends EventEmitter<Events> {
  readonly #records = new Map<string, StagingWorkspace>()
  /** By consumer and provider, then by name: one for each export that serves copies of the two. */
  readonly #byPair = new Map<string, Map<string, StagingWorkspace>>()
  /** The uid of the last one that went, by name. */
  readonly #gone = new Map<string, string>()
  readonly #synced = Promise.withResolvers<void>()

  /** All were seen. */
  get synced(): Promise<void> {
    return this.#synced.promise
  }

  /** Follows them until the signal aborts. */
  follow(coordination: KubeClient, logger: Logger, signal: AbortSignal): void {
    const obstacle = new WatchObstacle('StagingWorkspaces')
    watchResource(
      coordination,
      StagingWorkspace.resource,
      {
        upsert: (object) => this.take(StagingWorkspace.of(object)),
        delete: (gone) => this.#remove(gone),
        synced: () => {
          obstacle.synced()
          this.#synced.resolve()
        },
        report: (event) => obstacle.heed(event, logger),
      },
      { signal },
    )
  }

  get all(): StagingWorkspace[] {
    return [...this.#records.values()]
  }

  get(name: string): StagingWorkspace | undefined {
    return this.#records.get(name)
  }

  /** What whoever wrote a record has as an answer; one that the watch has overtaken is no news. */
  take(record: StagingWorkspace): void {
    const { name, uid } = record.metadata
    const [before, pair] = [this.#records.get(name), textOf(pairOf(record))]
    const isGone = uid !== undefined && this.#gone.get(name) === uid
    if (isGone || (before !== undefined && !isNews(record, before))) return
    if (before !== undefined && textOf(pairOf(before)) !== pair) this.#forget(name)
    this.#records.set(name, record)
    this.#byPair.set(pair, (this.#byPair.get(pair) ?? new Map<string, StagingWorkspace>()).set(name, record))
    this.emit('changed', record)
  }

  /** Why there is no workspace yet for the copies of a consumer at a provider, where somebody says so. */
  trouble(pair: Pair): string | undefined {
    for (const { status } of this.#byPair.get(textOf(pair))?.values() ?? []) {
      const failed = status?.conditions?.find(({ reason }) => reason === STAGING_FAILED)
      if (failed !== undefined) return failed.message
    }
    return undefined
  }

  #remove({ name, uid }: Gone): void {
    const record = this.#records.get(name)
    this.#gone.set(name, uid)
    this.#forget(name)
    if (record !== undefined) this.emit('removed', record)
  }

  #forget(name: string): void {
    const record = this.#records.get(name)
    if (record === undefined) return
    this.#records.delete(name)
    const pair = textOf(pairOf(record))
    const others = this.#byPair.get(pair)
    others?.delete(name)
    if (others?.size === 0) this.#byPair.delete(pair)
  }
}

function isNews({ metadata: now }: StagingWorkspace, { metadata: before }: StagingWorkspace): boolean {
  const [version, known] = [now.resourceVersion, before.resourceVersion]
  if (now.uid !== before.uid || version === undefined || known === undefined) return true
  return version !== known && !isBefore(version, known)
}

/** Reason of a condition of a StagingWorkspace: its message says what the servers said. */
export const STAGING_FAILED = 'Failed'

/** Whether its workspace goes, for good: no copy is made there any more, and whoever wants one waits for the next workspace. */
export const isEnding = ({ status }: StagingWorkspace): boolean => status?.phase === 'Terminating'

/** Which provider it is stands in an annotation: the spec has its path, for people. */
export function pairOf({ metadata, spec }: StagingWorkspace): Pair {
  return { consumer: spec.consumerCluster, provider: metadata.annotations?.[annotations.providerCluster] ?? '' }
}

const textOf = ({ consumer, provider }: Pair): string => `${consumer}/${provider}`
