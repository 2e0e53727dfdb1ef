import {
  Assignment,
  assignmentName,
  type Consumer,
  ConsumerQuota,
  compileQuota,
  keyOfAssignment,
  keyOfQuota,
  keyOfQuotaUsage,
  lineOf,
  MOST_USERS,
  type Quota,
  QuotaIndex,
  type QuotaOf,
  QuotaUsage,
  type QuotaUse,
  quotaUsageName,
  reasons,
  selectsResource,
  servesConsumer,
  TOLD_IN_LINE,
  type Waiting,
  waitsMessage,
  whoEnters,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isNotFound, type KubeClient, readIfThere, type WatchEvent, watchResource } from '@resource-broker/kube'
import { ClusterNotConnectedError, type Logger, together, WatchObstacle } from '@resource-broker/service'
import type { Known } from '../known.ts'
import type { Wish } from '../places/claims.ts'
import { Places, type Seen } from '../places/places.ts'
import type { Terms, UsageKind } from '../places/usage-kind.ts'

type Options = {
  coordination: KubeClient
  /** @throws {ClusterNotConnectedError} */
  describe: (cluster: string) => Consumer
  /** Called after what a quota says changed, once all are known. */
  changed: () => void
  /** Has a key looked at, if it is this replica's. */
  wake: (key: string) => void
  /** Milliseconds since 1970. */
  now: () => number
  logger: Logger
}

/** Why an object has to wait: as its condition Placed says it, and for which quota. */
export type Wait = { reason: string; message: string; of: string }

/** What a key stands for that is no object's. */
export type QuotaMatter = { quota: KubeObject } | { usage: string }

type SeenUsage = Seen<QuotaOf, QuotaUsage>

/** How long changes of what consumers have are gathered before the status of the quota tells of them. */
const GATHER_MS = 1_000

const NOWHERE: ReadonlySet<string> = new Set()

/** The platform's ConsumerQuotas, and which object has a place under which, as QuotaUsages record it: by one watch of each. */
export class Quotas {
  readonly index = new QuotaIndex()
  readonly #options: Options
  readonly #objects = new Map<string, KubeObject>()
  readonly #obstacle = new WatchObstacle('ConsumerQuotas')
  readonly #places: Places<QuotaOf, QuotaUsage>
  /** The quotas and records by the keys under which they are looked at. */
  readonly #matters = new Map<string, { quota: string } | { usage: string }>()
  /** Quotas whose status is to be told anew. */
  readonly #due = new Set<string>()

  constructor(options: Options) {
    this.#options = options
    const { coordination, logger, now } = options
    this.#places = new Places({
      ...{ coordination, logger, now, kind },
      isLimited: ({ quota }) => typeof this.index.get(quota)?.objects === 'number',
      concerns: ({ quota, consumer }) => this.#isConnected(consumer) && this.#counts(this.index.get(quota), consumer),
      terms: (of, seen) => this.#terms(of, seen),
      unjustified: (of, keys) => this.#unjustified(of, keys),
      owned: (view) => this.#owned(view),
      waitsIn: (view) => this.#waitsIn(view),
      changed: (name, seen, before) => this.#usageChanged(name, seen, before),
    })
  }

  /** Why they are not known now; undefined while all is well. */
  get obstacle(): string | undefined {
    return this.#obstacle.reason ?? this.#places.obstacle
  }

  /** Whether there is nothing to do for anybody: no quota, and nothing left of one. */
  get isIdle(): boolean {
    return this.index.isEmpty && this.#matters.size === 0
  }

  /** Resolves once all quotas and records are known; goes on in the background until `signal` aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const { coordination, logger } = this.#options
    const quotas = new Promise<void>((synced) => {
      const handler = {
        upsert: (object: object) => this.learn(object as KubeObject),
        delete: ({ name }: { name: string }) => this.#forget(name),
        synced: () => {
          this.#obstacle.synced()
          synced()
        },
        report: (event: WatchEvent) => this.#obstacle.heed(event, logger),
      }
      watchResource(coordination, ConsumerQuota.resource, handler, { signal })
    })
    await Promise.all([quotas, this.#places.start(signal)])
  }

  /** Keys that have a place somewhere or wait for one, and those of the quotas and records themselves. */
  *keys(): Iterable<string> {
    yield* this.#places.keys()
    yield* this.#matters.keys()
  }

  /** What a key stands for, where that is a quota or a record of one. */
  matterOf(key: string): QuotaMatter | undefined {
    const matter = this.#matters.get(key)
    if (matter === undefined || 'usage' in matter) return matter
    const quota = this.#objects.get(matter.quota)
    return quota && { quota }
  }

  /** Takes over what a quota says, if it is not older than what is known of it. */
  learn(object: KubeObject): void {
    const { name, uid, generation, resourceVersion } = object.metadata
    const before = this.#objects.get(name)?.metadata
    if (before?.uid === uid && BigInt(before.resourceVersion) >= BigInt(resourceVersion)) return
    this.#objects.set(name, object)
    this.#matters.set(keyOfQuota(name), { quota: name })
    if (before?.uid === uid && before.generation === generation) return
    const { quota, mistakes } = compileQuota(object)
    if (mistakes.length > 0)
      this.#options.logger.error(
        { quota: name, mistakes },
        'a ConsumerQuota cannot be read, and what it may select waits',
      )
    this.index.set(quota)
    this.#tell(name)
  }

  /** Whether `settle` has something to do. */
  isUnsettled(key: string, view: KeyView): boolean {
    return !this.isIdle && this.#places.isUnsettled(key, view)
  }

  /**
   * Gives back the places that an object has no more, notes those that it has and nobody wrote down, and takes it out of the lines in which it
   * has no business.
   */
  async settle(key: string, view: KeyView): Promise<void> {
    await this.#places.settle(key, view)
  }

  /**
   * Why the object has to wait; undefined: it has a place under each quota that selects it. It waits for one of them, and what it took of the
   * others just now is given back.
   */
  async enter({ key, object, source }: Pick<Known, 'key' | 'object' | 'source'>): Promise<Wait | undefined> {
    const all = this.index.for(object.consumer, object.gvr)
    if (all.length === 0) return undefined
    for (const { name, objects } of all) {
      if (typeof objects === 'number') continue
      await this.leave(key)
      const message = `ConsumerQuota ${name} cannot be evaluated: ${objects.mistake}`
      return { reason: reasons.misconfigured, message, of: name }
    }
    const { namespace = '', name, creationTimestamp = '' } = source.metadata as KubeObject['metadata'] & Times
    const own: Waiting = { uid: object.uid, since: creationTimestamp, name: `${namespace}/${name}` }
    const subjects = all.map((quota) => ({ quota: quota.name, consumer: object.consumer.cluster }))
    const full = subjects.find((of) => this.#isFull(of, key, own))
    const asked = full === undefined ? subjects : [full, ...subjects.filter((of) => of !== full)]
    const entered: QuotaOf[] = []
    for (const of of asked) {
      if (await this.#asks(of, key, own, of === full)) entered.push(of)
      else {
        await together([...entered.map((its) => this.#giveBack(its, key, own)), this.#leave(key, of)])
        return { reason: reasons.quotaExceeded, message: this.#whyWaits(of, key), of: of.quota }
      }
    }
    return undefined
  }

  /** The object waits nowhere. */
  async leave(key: string): Promise<void> {
    await this.#leave(key)
  }

  /** What the consumers of a quota have, those first that have most. */
  usedOf(quota: string): { consumers: number; waiting: number; used: QuotaUse[] } {
    const all: QuotaUse[] = []
    for (const [, { of, count, waiting }] of this.#places.all()) {
      const line = Object.keys(waiting).length
      if (of.quota === quota && count + line > 0) all.push({ consumer: of.consumer, objects: count, waiting: line })
    }
    all.sort((a, b) => b.objects - a.objects || b.waiting - a.waiting || (a.consumer < b.consumer ? -1 : 1))
    const waiting = all.reduce((sum, its) => sum + its.waiting, 0)
    return { consumers: all.length, waiting, used: all.slice(0, MOST_USERS) }
  }

  /**
   * Removes the record of a quota that is gone, or is no more for its consumer: as the platform says now.
   * @throws {KubeError} `isConflict` where the record has changed meanwhile
   */
  async remove(usage: string): Promise<void> {
    const seen = this.#places.get(usage)
    if (seen === undefined || !this.#isGoing(seen)) return
    const { coordination } = this.#options
    const quota = await this.#read(seen.of.quota)
    if (this.#counts(quota, seen.of.consumer)) return // the watch is about to tell
    const { uid = '', resourceVersion = '' } = seen.record.metadata
    try {
      await coordination.delete({ ...QuotaUsage.resource, name: usage }, { uid, resourceVersion })
    } catch (error) {
      if (!isNotFound(error)) throw error // another replica was first
    }
  }

  /** Where it is known to wait already nobody need be asked whether it has to: the watch tells when that changes. */
  async #asks(of: QuotaOf, key: string, own: Waiting, isFull: boolean): Promise<boolean> {
    const { uid, since, name } = own
    if (isFull && this.#places.get(quotaUsageName(of))?.waiting[key]?.uid === uid) return false
    return await this.#places.ask(of, { kind: 'claim', key, uid, waits: { since, name } })
  }

  /** Whether the object would have to wait, by what is known here. */
  #isFull(of: QuotaOf, key: string, own: Waiting): boolean {
    const seen = this.#places.get(quotaUsageName(of))
    const places = this.index.get(of.quota)?.objects
    if (seen === undefined || typeof places !== 'number' || seen.claims[key]?.uid === own.uid) return false
    return !whoEnters({ ...seen.waiting, [key]: own }, seen.count, places).includes(key)
  }

  /** Gives a place back that was taken just now, and by nobody else before. */
  async #giveBack(of: QuotaOf, key: string, { uid }: Waiting): Promise<void> {
    const claim = this.#places.get(quotaUsageName(of))?.claims[key]
    if (claim?.uid === uid && claim.again === undefined) await this.#places.ask(of, { kind: 'release', key, uid })
  }

  async #leave(key: string, except?: QuotaOf): Promise<void> {
    const lines = this.#places.naming(key).filter(({ of, waiting }) => {
      return waiting[key] !== undefined && of.quota !== except?.quota
    })
    await together(
      lines.map(({ of, waiting }) => this.#places.ask(of, { kind: 'leave', key, uid: waiting[key]?.uid ?? '' })),
    )
  }

  #whyWaits(of: QuotaOf, key: string): string {
    const { count = 0, waiting = {} } = this.#places.get(quotaUsageName(of)) ?? {}
    const { objects } = this.index.get(of.quota) ?? {}
    const line = lineOf(waiting)
    return waitsMessage({
      ...{ quota: of.quota, taken: count, places: typeof objects === 'number' ? objects : 0 },
      ...{ ahead: Math.max(0, line.indexOf(key)), waiting: Math.max(1, line.length) },
    })
  }

  /**
   * Read anew, after the record: whoever wrote that knew nothing newer of the quota. What was placed before the quota was what it is now is
   * counted before anything is let in.
   */
  async #terms(of: QuotaOf, seen: QuotaUsage | undefined): Promise<Terms | undefined> {
    const quota = await this.#read(of.quota)
    if (quota === undefined || !this.#counts(quota, of.consumer)) return undefined
    const places = typeof quota.objects === 'number' ? quota.objects : 0
    const spec = { ...of, counted: quota.version }
    if (seen?.spec.counted === quota.version) return { places, spec, holds: [] }
    const { items } = await this.#options.coordination.list<KubeObject>({ ...Assignment.resource })
    const holds = items.flatMap((object): Wish[] => {
      const read = Assignment.parse(object)
      const key = keyOfAssignment(object.metadata.name)
      if (!read.ok || key === undefined || read.value.spec.consumerCluster !== of.consumer) return []
      return selectsResource(quota.resources, read.value.spec.gvr)
        ? [{ kind: 'hold', key, uid: read.value.spec.uid }]
        : []
    })
    return { places, spec, holds }
  }

  /** Asks the platform itself: what is known here may be behind what another replica did. Of what nobody can read the place stays. */
  async #unjustified({ quota: name }: QuotaOf, keys: string[]): Promise<ReadonlySet<string>> {
    const free = keys.map(async (key) => {
      const ref = { ...Assignment.resource, name: assignmentName(key) }
      const record = await readIfThere<KubeObject>(this.#options.coordination, ref)
      if (record === undefined) return [key]
      const quota = this.index.get(name)
      const read = Assignment.parse(record)
      return read.ok && quota !== undefined && !selectsResource(quota.resources, read.value.spec.gvr) ? [key] : []
    })
    return new Set((await together(free)).flat())
  }

  async #read(name: string): Promise<Quota | undefined> {
    const object = await readIfThere<KubeObject>(this.#options.coordination, { ...ConsumerQuota.resource, name })
    return object && compileQuota(object).quota
  }

  #owned(view: KeyView): { uid: string; of: QuotaOf[] } {
    const record = view.get('assignment')?.object
    if (record === undefined || record === null) return { uid: '', of: [] }
    const { uid, consumerCluster: consumer, gvr } = Assignment.of(record).spec
    return { uid, of: this.#selecting(consumer, gvr) }
  }

  #waitsIn(view: KeyView): ReadonlySet<string> {
    const source = view.get('source')
    const isPlaced = (view.get('assignment')?.object ?? null) !== null
    if (source === undefined || source.object === null || isPlaced || source.tooLarge !== undefined) return NOWHERE
    if (source.object.metadata.deletionTimestamp !== undefined) return NOWHERE
    return new Set(this.#selecting(source.ref.cluster, source.ref.gvr).map(quotaUsageName))
  }

  #selecting(consumer: string, gvr: { group: string; resource: string }): QuotaOf[] {
    if (this.index.isEmpty || !this.#isConnected(consumer)) return []
    return this.index.for(this.#options.describe(consumer), gvr).map(({ name: quota }) => ({ quota, consumer }))
  }

  /** Whether a quota is for a consumer. Of one that is not connected nobody can tell, and what is recorded stays. */
  #counts(quota: Quota | undefined, consumer: string): boolean {
    if (quota === undefined) return false
    if (quota.consumers === undefined || !this.#isConnected(consumer)) return true
    return servesConsumer(quota.consumers, this.#options.describe(consumer))
  }

  /** One that is not may be another set of services' to place the objects of. */
  #isConnected(consumer: string): boolean {
    try {
      this.#options.describe(consumer)
      return true
    } catch (error) {
      if (error instanceof ClusterNotConnectedError) return false
      throw error
    }
  }

  #isGoing({ of }: SeenUsage): boolean {
    return !this.#counts(this.index.get(of.quota), of.consumer)
  }

  #forget(name: string): void {
    this.#objects.delete(name)
    this.#matters.delete(keyOfQuota(name))
    this.index.delete(name)
    this.#tell(name)
  }

  /** Whoever it selects is looked at, and so are its records. */
  #tell(name: string): void {
    const { changed, wake } = this.#options
    if (this.obstacle !== undefined) return
    wake(keyOfQuota(name))
    for (const [usage, seen] of this.#places.all())
      if (seen.of.quota === name && this.#isGoing(seen)) wake(keyOfQuotaUsage(usage))
    changed()
  }

  /** Those are looked at whom it concerns: who may enter now, and who reads another place in the line. */
  #usageChanged(usage: string, seen: SeenUsage | undefined, before: SeenUsage | undefined): void {
    const { wake } = this.#options
    const key = keyOfQuotaUsage(usage)
    const quota = (seen ?? before)?.of.quota
    if (seen === undefined) this.#matters.delete(key)
    else this.#matters.set(key, { usage })
    if (quota !== undefined) this.#gather(quota)
    if (seen === undefined) {
      for (const its of [...Object.keys(before?.claims ?? {}), ...Object.keys(before?.waiting ?? {})]) wake(its)
      return
    }
    if (this.#isGoing(seen)) wake(key)
    for (const its of Object.keys(before?.waiting ?? {}))
      if (seen.waiting[its] === undefined && seen.claims[its] === undefined) wake(its) // it may have business there still
    const places = this.index.get(seen.of.quota)?.objects ?? 0
    const room = typeof places === 'number' ? places - seen.count : 0
    for (const its of lineOf(seen.waiting).slice(0, Math.max(TOLD_IN_LINE, room))) wake(its)
  }

  #gather(quota: string): void {
    if (this.#due.size === 0) setTimeout(() => this.#tellUse(), GATHER_MS)
    this.#due.add(quota)
  }

  #tellUse(): void {
    for (const quota of this.#due) this.#options.wake(keyOfQuota(quota))
    this.#due.clear()
  }
}

type Times = { creationTimestamp?: string }

const kind: UsageKind<QuotaOf, QuotaUsage> = {
  ...{ kind: QuotaUsage.kind, apiVersion: QuotaUsage.apiVersion, resource: QuotaUsage.resource, plural: 'QuotaUsages' },
  ...{ of: QuotaUsage.of, parse: QuotaUsage.parse, nameOf: quotaUsageName },
  subject: ({ spec: { quota, consumer } }) => ({ quota, consumer }),
  status: ({ claims, waiting }, objects) => ({
    claimed: Object.keys(claims).length,
    waiting: Object.keys(waiting).length,
    ...(objects === undefined ? {} : { objects }),
  }),
}
