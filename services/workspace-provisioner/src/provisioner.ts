import {
  Assignment,
  exportAt,
  providersOf,
  type StagingPlace,
  stagingWorkspaceName,
  verificationWorkspaceName,
} from '@resource-broker/api'
import type { KeyView, Run } from '@resource-broker/bus'
import { isConflict, type WatchEvent } from '@resource-broker/kube'
import { originOf, type StagingCluster, serves } from '@resource-broker/service'
import type { ProvisionerContext, ProvisionerMemory, Surroundings, Wanted } from './context.ts'
import { exportOfOffer, judge } from './handlers/judge.ts'
import { retire } from './handlers/retire.ts'
import { stage } from './handlers/stage.ts'
import { verify } from './handlers/verify.ts'
import { type Holding, Holdings } from './holdings.ts'
import { exportIn } from './records.ts'
import { WorkQueue } from './work-queue.ts'

/** Workspaces that are worked on at once. */
const CONCURRENCY = 32
/** When a workspace that nobody wants is looked at again where there are copies in it: nobody tells here that they are gone. */
const COPIES_MS = 15_000

type Options = {
  /** How long a workspace that nobody wants stays, in milliseconds. */
  idleMs: number
  /** Has keys looked at again. */
  wake: (key: string) => void
}

/** Knows which workspaces should be there, and brings each further whenever something happened to it. */
export class Provisioner {
  readonly #context: Surroundings
  readonly #options: Options
  readonly #holdings = new Holdings()
  readonly #work: WorkQueue

  constructor(context: Surroundings, options: Options) {
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
    records.on('changed', ({ metadata }) => this.#leaveIfUnwanted(metadata.name))
    records.on('removed', (record) => {
      this.#look(record.metadata.name)
      this.#leaveIfUnwanted(verificationWorkspaceName(exportIn(record))) // the trial stayed for the copies' sake
    })
    await Promise.all([
      trees.staging.follow(look, report, signal),
      trees.verification.follow(look, report, signal),
      records.synced,
    ])
  }

  /**
   * Takes what one AcceptAPI or one Assignment asks for; what a trial came to is written into the AcceptAPI. Answers whether nothing will
   * tell of what is still to come. @throws {OwnershipLostError}
   */
  async take({
    key,
    view,
    memory,
    fence,
  }: Pick<Run<ProvisionerMemory>, 'key' | 'view' | 'memory' | 'fence'>): Promise<'done' | 'look again'> {
    const holding = { memory, fence }
    if (this.#holdings.enter(holding, (left) => this.#leave(left))) this.#leaveUnwanted()
    const { wants } = memory
    const before = wants.of(key)
    const { offered, next } = await this.#offered(key, view, holding)
    fence.check()
    const wanted = [...offered, ...this.#placed(key, view, memory)]
    const fresh = wanted.filter(({ name }) => this.#holdings.wanted(name) === undefined)
    wants.set(key, wanted)
    for (const { name } of fresh) this.#work.push(name)
    for (const name of before) this.#leaveIfUnwanted(name)
    return next
  }

  async stop(): Promise<void> {
    await this.#work.stop()
  }

  /** Of a partition that may be another's: what others here want as well is brought further on their account. */
  #leave({ wants, retiring }: ProvisionerMemory): void {
    for (const name of [...wants.names, ...retiring.keys()]) this.#lookAgain(name)
  }

  #lookAgain(name: string): void {
    if (this.#holdings.wanted(name) !== undefined) this.#work.push(name)
    else this.#leaveIfUnwanted(name)
  }

  async #reconcile(name: string): Promise<void> {
    const holding = this.#holdings.responsible(name)
    if (holding === undefined) return // who owns nothing removes nothing
    try {
      await this.#bringFurther(name, holding)
    } catch (error) {
      if (!holding.fence.signal.aborted) throw error
      this.#lookAgain(name)
    }
  }

  async #bringFurther(name: string, holding: Holding): Promise<void> {
    const { tracing } = this.#context
    const wanted = holding.memory.wants.get(name)
    const work = () => this.#perform(name, wanted, holding)
    if (tracing === undefined) return await work()
    const purpose = wanted?.consumerCluster === undefined ? 'verify' : 'stage'
    const describe = () => ({ 'broker.workspace': name, 'broker.provider': wanted?.providerCluster ?? '' })
    await tracing.step({ name: wanted ? purpose : 'retire', origin: wanted?.origin, describe }, work)
  }

  async #perform(name: string, wanted: Wanted | undefined, holding: Holding): Promise<void> {
    const context = this.#contextOf(holding)
    if (wanted === undefined) {
      if (await retire(context, name)) this.#work.later(name, COPIES_MS)
    } else if (wanted.consumerCluster === undefined) await verify(context, wanted)
    else await stage(context, { ...wanted, consumerCluster: wanted.consumerCluster })
    this.#holdings.fares(name)
  }

  #contextOf({ memory, fence }: Holding): ProvisionerContext {
    return { ...this.#context, ...memory, fence }
  }

  #failed(name: string, err: Error, retryInMs: number): void {
    const { logger } = this.#context
    if (!this.#holdings.fails(name, err.message)) return
    if (isConflict(err)) logger.info({ workspace: name, err, retryInMs }, 'changed meanwhile, looking again')
    else logger.warn({ workspace: name, err, retryInMs }, 'trying again')
    this.#wakeAll(name)
  }

  #look(name: string): void {
    if (this.#holdings.wanted(name) !== undefined || this.#holdings.isRetiring(name)) this.#work.push(name)
  }

  #leaveIfUnwanted(name: string): void {
    if (this.#holdings.wanted(name) === undefined) this.#work.later(name, this.#options.idleMs)
  }

  /** What the owner before may have known that nobody wants any more. */
  #leaveUnwanted(): void {
    const { trees, clusters } = this.#context
    const recorded = clusters.kcp.records.all.map(({ metadata }) => metadata.name)
    for (const name of [...recorded, ...trees.verification.names]) this.#leaveIfUnwanted(name)
  }

  #wakeAll(name: string): void {
    for (const key of this.#holdings.keysOf(name)) this.#options.wake(key)
  }

  #heed(now: StagingCluster | undefined, before: StagingCluster | undefined): void {
    const place = now ?? before
    if (place === undefined) return
    this.#look(place.name)
    if (place.consumerCluster !== undefined) return
    this.#wakeAll(place.name)
    for (const key of this.#holdings.takeUnserved(place.providerCluster)) this.#options.wake(key)
    for (const name of this.#holdings.stagedAt(place)) this.#work.push(name)
  }

  async #offered(
    key: string,
    view: KeyView,
    holding: Holding,
  ): Promise<{ offered: Wanted[]; next: 'done' | 'look again' }> {
    const offer = view.get('acceptapi')
    const of = offer === undefined ? undefined : exportOfOffer(offer)
    if (offer === undefined || of === undefined) return { offered: [], next: 'done' }
    const wanted = { ...of, name: verificationWorkspaceName(of), ...this.#origin(view) }
    const isFresh = this.#holdings.wanted(wanted.name) === undefined
    holding.memory.wants.add(key, wanted)
    if (isFresh) this.#work.push(wanted.name) // what is learned from now on calls again
    return { offered: [wanted], next: await judge(this.#contextOf(holding), offer, of) }
  }

  #origin(view: KeyView): Pick<Wanted, 'origin'> {
    return this.#context.tracing === undefined ? {} : { origin: originOf(view) }
  }

  #placed(key: string, view: KeyView, { wants }: ProvisionerMemory): Wanted[] {
    const object = view.get('assignment')?.object
    if (object === undefined || object === null) return []
    const assignment = Assignment.of(object)
    const { consumerCluster, gvr } = assignment.spec
    return [...providersOf(assignment)].flatMap((provider) => {
      const named = exportAt(assignment, provider)
      const serving = this.#context.clusters.kcp.staging
        .between(undefined, provider)
        .find((trial) => serves(trial, gvr) && (named === undefined || trial.apiExportName === named))
      if (serving === undefined) {
        wants.addUnserved(key, provider)
        return []
      }
      const place: StagingPlace = { consumerCluster, providerCluster: provider, apiExportName: serving.apiExportName }
      return [{ ...place, name: stagingWorkspaceName(place), ...this.#origin(view) }]
    })
  }
}
