import { Assignment } from '@resource-broker/api'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import type { Landscape, PlaneSite } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import { eachOf } from './each-of.ts'
import { countMessages, type MessageCount } from './messages.ts'
import { Observer } from './observer.ts'
import { countRequests, type RequestCount } from './requests.ts'
import { pidsOf, type Subject, sitesOf } from './subject.ts'
import { providerOf, type Thing, thingRef } from './things.ts'

const CLEAN_UP_MS = 240_000
const CLEAN_UP_IN_FLIGHT = 16

/** The servers and one subject on them, with the bench's eyes. */
export class Stage {
  readonly platform: PlaneSite
  readonly consumer: PlaneSite
  readonly providers: readonly [PlaneSite, PlaneSite]
  readonly eyes: { consumer: Observer; providers: readonly [Observer, Observer] }
  readonly #landscape: Landscape<PlaneSite>
  readonly #subject: Subject
  readonly #actor: ManagedProcess

  private constructor(landscape: Landscape<PlaneSite>, subject: Subject, actor: ManagedProcess, eyes: Stage['eyes']) {
    this.#landscape = landscape
    this.#subject = subject
    this.#actor = actor
    this.platform = landscape.platform
    this.consumer = landscape.consumers['consumer'] as PlaneSite
    this.providers = Object.values(landscape.providers) as [PlaneSite, PlaneSite]
    this.eyes = eyes
  }

  static async open(landscape: Landscape<PlaneSite>, subject: Subject, actor: ManagedProcess): Promise<Stage> {
    const sites = [landscape.consumers['consumer'], ...Object.values(landscape.providers)] as [
      PlaneSite,
      PlaneSite,
      PlaneSite,
    ]
    const [consumer, first, second] = (await Promise.all(sites.map((site) => Observer.start(site)))) as [
      Observer,
      Observer,
      Observer,
    ]
    return new Stage(landscape, subject, actor, { consumer, providers: [first, second] })
  }

  get namespace(): string {
    return this.#subject.namespace
  }

  /** Whether it keeps records at the platform; the floor does not. */
  get hasRecords(): boolean {
    return this.#subject.streamPrefix !== undefined
  }

  copyName(name: string): string {
    return this.#subject.copyName(name)
  }

  subjectPids(): number[] {
    return pidsOf(this.#subject.processes)
  }

  subjectPidsByName(): [name: string, pid: number][] {
    return this.#subject.processes.flatMap(({ spec, pid }) => (pid === undefined ? [] : [[spec.name, pid]]))
  }

  natsPids(): number[] {
    return pidsOf([this.#landscape.nats.process])
  }

  serverPids(): number[] {
    return pidsOf(sitesOf(this.#landscape).flatMap(({ apiServer, etcd }) => [apiServer, etcd]))
  }

  /** The bench's own process and the providers' operator. */
  benchPids(): number[] {
    return [process.pid, ...pidsOf([this.#actor])]
  }

  allPids(): number[] {
    return [...this.subjectPids(), ...this.natsPids(), ...this.serverPids(), ...this.benchPids()]
  }

  countRequests(): Promise<RequestCount[]> {
    return countRequests(sitesOf(this.#landscape))
  }

  async countMessages(): Promise<MessageCount | undefined> {
    const { streamPrefix } = this.#subject
    return streamPrefix === undefined ? undefined : await countMessages(this.#landscape.nats.url, streamPrefix)
  }

  /** Every object has exactly one copy, at the provider of its number, and for the broker an Assignment. @throws when not */
  async check(count: number, providerFor: (i: number) => 0 | 1 = providerOf): Promise<void> {
    const [objects, ...copies] = await Promise.all([this.consumer, ...this.providers].map((site) => this.#things(site)))
    const found = (copies as Thing[][]).map((each) => new Set(each.map(({ metadata }) => metadata.name)))
    const wrong = (objects as Thing[]).filter(({ metadata: { name, finalizers = [] }, status }) => {
      const at = providerFor(Number(name.split('-')[1]))
      const isPlaced = found[at]?.has(this.copyName(name)) && !found[1 - at]?.has(this.copyName(name))
      return !isPlaced || finalizers.length !== 1 || status?.status !== 'Available'
    })
    const assignments = this.hasRecords ? (await this.#assignments()).length : count
    const totals = [objects?.length, (copies as Thing[][]).flat().length, assignments]
    if (wrong.length === 0 && totals.every((total) => total === count)) return
    const [first] = wrong
    throw new Error(
      `${this.#subject.name}: of ${count} objects, their copies and Assignments there are ${totals.join(', ')}; ${wrong.length} are wrong, ${JSON.stringify(first)}`,
    )
  }

  /** Deletes what the subject was measured with; a broker has to do its part. */
  async clear(): Promise<void> {
    if (!this.hasRecords) for (const provider of this.providers) await this.#delete(provider)
    await this.#delete(this.consumer)
    if (!this.hasRecords) await this.#dropFinalizers()
    await waitFor(
      `${this.#subject.name}: nothing is left`,
      async () =>
        (await Promise.all([this.consumer, ...this.providers].map((site) => this.#things(site)))).flat().length === 0 &&
        (await this.#assignments()).length === 0,
      { timeoutMs: CLEAN_UP_MS, intervalMs: 500 },
    )
  }

  close(): void {
    for (const eye of [this.eyes.consumer, ...this.eyes.providers]) eye.stop()
  }

  async #things(site: PlaneSite): Promise<Thing[]> {
    return (await site.kube.list<Thing>({ ...THING, namespace: this.namespace })).items
  }

  async #assignments(): Promise<object[]> {
    return (await this.platform.kube.list<object>(Assignment.resource)).items
  }

  async #delete(site: PlaneSite): Promise<void> {
    await site.client.json(
      'DELETE',
      `/apis/${THING.group}/${THING.version}/namespaces/${this.namespace}/${THING.resource}`,
    )
  }

  async #dropFinalizers(): Promise<void> {
    const things = await this.#things(this.consumer)
    await eachOf(things.length, CLEAN_UP_IN_FLIGHT, async (i) => {
      const ref = thingRef(this.namespace, things[i]?.metadata.name ?? '')
      await this.consumer.kube.mergePatch(ref, { metadata: { finalizers: null } })
    })
  }
}
