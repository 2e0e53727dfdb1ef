import {
  Assignment,
  exportAt,
  type StagingPlace,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import type { WatchEvent } from '@resource-broker/kube'
import { originOf, type StagingCluster, serves } from '@resource-broker/service'
import type { ProvisionerContext, Wanted } from './context.ts'
import { exportOfOffer, judge } from './handlers/judge.ts'
import { retire } from './handlers/retire.ts'
import { stage } from './handlers/stage.ts'
import { verify } from './handlers/verify.ts'
import { Wants } from './wants.ts'
import { WorkQueue } from './work-queue.ts'

/** Workspaces that are worked on at once. */
const CONCURRENCY = 32

type Options = {
  /** How long a workspace that nobody wants stays, in milliseconds. */
  idleMs: number
  /** Has keys looked at again. */
  wake: (key: string) => void
}

/** Knows which workspaces should be there, and brings each further whenever something happened to it. */
export class Provisioner {
  readonly #context: ProvisionerContext
  readonly #options: Options
  readonly #wants = new Wants()
  readonly #work: WorkQueue

  constructor(context: ProvisionerContext, options: Options) {
    this.#context = context
    this.#options = options
    this.#work = new WorkQueue(
      CONCURRENCY,
      (name) => this.#reconcile(name),
      (name, error, retryInMs) => this.#failed(name, error as Error, retryInMs),
    )
  }

  /** Follows workspaces, their bindings and their records until `signal` aborts; resolves when all were seen. */
  async follow(signal: AbortSignal): Promise<void> {
    const { trees, clusters, logger } = this.#context
    const { staging, records } = clusters.kcp
    const look = (name: string) => this.#look(name)
    const report = (event: WatchEvent) => {
      if (event.type === 'disconnected')
        logger.warn({ err: event.error }, 'the workspaces of the broker cannot be read')
      if (event.type === 'absent') logger.warn('the workspaces of the broker are not served here')
    }
    staging.on('changed', (now, before) => this.#heed(now, before))
    staging.on('seen', (cluster) => {
      for (const tree of Object.values(trees)) this.#look(tree.nameOf(cluster) ?? '')
    })
    for (const { metadata } of records.all) this.#leaveIfUnwanted(metadata.name)
    records.on('changed', ({ metadata }) => this.#leaveIfUnwanted(metadata.name))
    await Promise.all([
      trees.staging.follow(look, report, signal),
      trees.verification.follow(look, report, signal),
      records.synced,
    ])
  }

  /**
   * Takes what one AcceptAPI or one Assignment asks for; what a trial came to is written into the AcceptAPI. Answers whether nothing will
   * tell of what is still to come.
   */
  async take(key: string, view: KeyView): Promise<'done' | 'look again'> {
    const before = this.#wants.of(key)
    const { offered, next } = await this.#offered(key, view)
    const wanted = [...offered, ...this.#placed(key, view)]
    for (const name of this.#wants.set(key, wanted)) this.#work.push(name)
    for (const name of before) this.#leaveIfUnwanted(name)
    return next
  }

  async stop(): Promise<void> {
    await this.#work.stop()
  }

  async #reconcile(name: string): Promise<void> {
    const wanted = this.#wants.get(name)
    const { tracing } = this.#context
    const work = () => this.#bringFurther(name, wanted)
    if (tracing === undefined) return await work()
    const purpose = wanted?.consumerCluster === undefined ? 'verify' : 'stage'
    const describe = () => ({ 'broker.workspace': name, 'broker.provider': wanted?.providerCluster ?? '' })
    await tracing.step({ name: wanted ? purpose : 'retire', origin: wanted?.origin, describe }, work)
  }

  async #bringFurther(name: string, wanted: Wanted | undefined): Promise<void> {
    if (wanted === undefined) await retire(this.#context, name)
    else if (wanted.consumerCluster === undefined) await verify(this.#context, wanted)
    else await stage(this.#context, { ...wanted, consumerCluster: wanted.consumerCluster })
    this.#context.failures.delete(name)
  }

  #failed(name: string, err: Error, retryInMs: number): void {
    const { failures, logger } = this.#context
    if (failures.get(name) === err.message) return
    failures.set(name, err.message)
    logger.warn({ workspace: name, err, retryInMs }, 'trying again')
    this.#wakeAll(name)
  }

  #look(name: string): void {
    if (this.#wants.get(name) !== undefined || this.#context.retiring.has(name)) this.#work.push(name)
  }

  #leaveIfUnwanted(name: string): void {
    if (this.#wants.get(name) === undefined) this.#work.later(name, this.#options.idleMs)
  }

  #wakeAll(name: string): void {
    for (const key of this.#wants.keysOf(name)) this.#options.wake(key)
  }

  #heed(now: StagingCluster | undefined, before: StagingCluster | undefined): void {
    const place = now ?? before
    if (place === undefined) return
    this.#look(place.name)
    if (place.consumerCluster !== undefined) {
      if (now === undefined) this.#leaveIfUnwanted(verificationWorkspaceName(place)) // the trial stayed for the copies' sake
      return
    }
    this.#wakeAll(place.name)
    for (const key of this.#wants.takeUnserved(place.providerCluster)) this.#options.wake(key)
    for (const name of this.#wants.stagedAt(place)) this.#work.push(name)
  }

  async #offered(key: string, view: KeyView): Promise<{ offered: Wanted[]; next: 'done' | 'look again' }> {
    const offer = view.get('acceptapi')
    const of = offer === undefined ? undefined : exportOfOffer(offer)
    if (offer === undefined || of === undefined) return { offered: [], next: 'done' }
    const wanted = { ...of, name: verificationWorkspaceName(of), ...this.#origin(view) }
    if (this.#wants.add(key, wanted)) this.#work.push(wanted.name) // what is learned from now on calls again
    return { offered: [wanted], next: await judge(this.#context, offer, of) }
  }

  #origin(view: KeyView): Pick<Wanted, 'origin'> {
    return this.#context.tracing === undefined ? {} : { origin: originOf(view) }
  }

  #placed(key: string, view: KeyView): Wanted[] {
    const object = view.get('assignment')?.object
    if (object === undefined || object === null) return []
    const assignment = Assignment.of(object)
    const { consumerCluster, providerCluster, gvr, copies = [] } = assignment.spec
    const providers = [providerCluster, ...copies.map((copy) => copy.providerCluster)]
    return providers.flatMap((provider) => {
      const named = exportAt(assignment, provider)
      const serving = this.#context.clusters.kcp.staging
        .between(undefined, provider)
        .find((trial) => serves(trial, gvr) && (named === undefined || trial.apiExportName === named))
      if (serving === undefined) {
        this.#wants.addUnserved(key, provider)
        return []
      }
      const place: StagingPlace = { consumerCluster, providerCluster: provider, apiExportName: serving.apiExportName }
      return [{ ...place, name: stagingWorkspaceName(place), ...this.#origin(view) }]
    })
  }
}
