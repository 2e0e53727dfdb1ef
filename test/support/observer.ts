import { Assignment, annotations, assignmentName, finalizer, keyOf, labels, originOf } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { watchResource } from '@resource-broker/kube'
import type { Clusters } from './checker.ts'
import { type Judgement, look, type Witness, type Write, whether } from './judgement.ts'
import type { Site } from './landscape.ts'
import { THING } from './provider-controller.ts'
import { copyAt, type Thing, thingRef } from './things.ts'

const USABLE = new Set<unknown>(['Available', 'Degraded'])

/** Whose copy is meant: of the object of this name in the cluster that the broker calls so. */
type Of = { cluster: string; namespace?: string | undefined; name: string }

/** Proves the invariants that hold at every moment: each write that could break one is judged by what is there when it is made. */
export class Observer {
  readonly violations: string[] = []
  readonly #clusters: Clusters
  readonly #witness: Witness
  readonly #stopping = new AbortController()
  /** Providers that an object's copies were admitted at, and providers that were ever Active for it, by uid. */
  readonly #touched = new Map<string, Set<string>>()
  readonly #active = new Map<string, Set<string>>()
  /** Providers that an object's Assignment ever named, in whatever role, by uid. */
  readonly #named = new Map<string, Set<string>>()
  /** The records of an object, by uid: there is one at a time, and each has the same name. */
  readonly #records = new Map<string, Set<string>>()
  /** What each consumer's object last said: by uid, the provider that serves it. */
  readonly #served = new Map<string, string>()
  /** Objects that the broker let go, by uid. */
  readonly #released = new Set<string>()
  /** Copies that a test deletes by its own hand, and the objects that they are of, by uid. */
  readonly #excusedCopies = new Set<string>()
  readonly #excused = new Set<string>()
  /** Objects whose Assignment a test deletes by its own hand, by uid. */
  readonly #unrecorded = new Set<string>()
  #listener: (violation: string) => void = () => undefined
  /** Writes that were judged, by what they were. */
  readonly judged = { created: 0, removed: 0, switched: 0, forgotten: 0, released: 0 }

  private constructor(clusters: Clusters, witness: Witness) {
    this.#clusters = clusters
    this.#witness = witness
  }

  static async start(clusters: Clusters, witness: Witness): Promise<Observer> {
    const observer = new Observer(clusters, witness)
    const judges = {
      assignment: (write: Write) => observer.#onAssignment(write),
      release: (consumer: Site, write: Write) => observer.#onRelease(consumer, write),
      copy: (provider: Site, write: Write) => observer.#onCopy(provider, write),
      named: (assignment: object) => observer.#onNamed(assignment as Assignment),
    }
    await witness.attend(judges, observer.#report)
    for (const consumer of Object.values(clusters.consumers)) observer.#follow(consumer)
    return observer
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#witness.stop()
  }

  /** Calls back at each violation, when it is noted. */
  listen(listener: (violation: string) => void): void {
    this.#listener = listener
  }

  /** Its provider deletes this copy: that it goes is not the broker's doing, nor is what its object looks like from then on. */
  excuse({ metadata }: Thing): void {
    this.#excusedCopies.add(metadata.uid)
    this.#excused.add(metadata.annotations?.[annotations.consumerUID] ?? '')
  }

  /** Somebody deletes this Assignment: what the object has stays all the same, and who has it next may be another. */
  excuseRecord({ spec }: Assignment): void {
    this.#unrecorded.add(spec.uid)
  }

  readonly #report = (violation: string): void => {
    this.violations.push(violation)
    this.#listener(violation)
  }

  #note(about: string, violation: string | undefined): void {
    if (violation !== undefined) this.#report(`${about} ${violation}`)
  }

  #consumer(cluster: string): Site | undefined {
    return Object.values(this.#clusters.consumers).find((site) => site.cluster === cluster)
  }

  #provider(cluster: string): Site | undefined {
    return Object.values(this.#clusters.providers).find((site) => site.cluster === cluster)
  }

  /** What the tests call a provider. */
  #nameOf(provider: string): string {
    return this.#provider(provider)?.name ?? provider
  }

  *#onCopy(provider: Site, { operation, object, oldObject }: Write): Judgement {
    const copy = (operation === 'CREATE' ? object : oldObject) as Thing
    const origin = originOf(copy.metadata)
    const consumer = origin && this.#consumer(origin.cluster)
    if (origin === undefined || consumer === undefined) return
    const uid = copy.metadata.annotations?.[annotations.consumerUID] ?? ''
    const name = assignmentName(keyOf({ ...origin, gvr: THING }))
    const assignment = yield* look<Assignment>(this.#clusters.platform, { ...Assignment.resource, name })
    const source = yield* look(consumer, thingRef(origin.name, origin.namespace))
    const lives = source?.metadata.uid === uid && source.metadata.deletionTimestamp === undefined
    const record = assignment?.spec.uid === uid ? assignment : undefined
    const about = `${origin.name}: the copy at ${provider.name}`
    if (operation === 'CREATE') {
      this.judged.created++
      noteIn(this.#touched, uid, provider.cluster)
      this.#note(about, yield* this.#judgeCreation(provider, source, record))
    } else {
      this.judged.removed++
      if (lives && !this.#excusedCopies.has(copy.metadata.uid))
        this.#note(about, yield* this.#judgeRemoval(provider, copy, record, origin))
    }
  }

  /**
   * A write that was on its way while a move was taken back may arrive late; the copy that it makes is removed again. An API server that
   * read an object for its deletion a moment before the finalizer came deletes it in spite of it: then nobody let it go.
   */
  *#judgeCreation({ cluster }: Site, source: Thing | undefined, record: Assignment | undefined) {
    if (record === undefined) return this.#isUnrecorded(source) ? undefined : 'is made without an Assignment'
    if (source?.metadata.uid !== record.spec.uid)
      return this.#released.has(record.spec.uid) ? 'is made although the object was let go' : undefined
    if (!source.metadata.finalizers?.includes(finalizer)) return 'is made before the object has its finalizer'
    if (namedBy(record).includes(cluster)) return undefined
    const wasNamed = yield* whether(() => this.#named.get(record.spec.uid)?.has(cluster) ?? false)
    if (wasNamed) return undefined
    return `is made, but its Assignment never named that provider: ${namedBy(record).map((each) => this.#nameOf(each))}`
  }

  /**
   * Where the active provider has no copy the object is without one whatever stays elsewhere; what never served it, such as a copy that was
   * made late for a move that was taken back, only stands in the way of the next.
   */
  *#judgeRemoval({ cluster }: Site, copy: Thing, record: Assignment | undefined, origin: Of) {
    if (record === undefined)
      return (yield* this.#servesElsewhere(cluster, copy, origin))
        ? undefined
        : 'is removed while the object lives and has no Assignment'
    const active = record.spec.providerCluster
    if (active === cluster) return 'is removed while that provider is Active'
    const serving = yield* this.#copyOf(active, origin)
    const uid = copy.metadata.annotations?.[annotations.consumerUID] ?? ''
    if (isUsable(serving) || !isUsable(copy) || this.#excused.has(uid)) return undefined
    if (serving === undefined && record.status?.servedFrom !== cluster) return undefined
    return `is removed before the copy at ${this.#nameOf(active)} is ready`
  }

  #isUnrecorded(source: Thing | undefined): boolean {
    return this.#unrecorded.has(source?.metadata.uid ?? '')
  }

  /** Whether an object whose Assignment somebody deleted has a copy at another provider that serves, or this one never did. */
  *#servesElsewhere(cluster: string, copy: Thing, origin: Of) {
    const uid = copy.metadata.annotations?.[annotations.consumerUID] ?? ''
    if (!this.#unrecorded.has(uid)) return false
    if (!isUsable(copy)) return true
    for (const provider of this.#touched.get(uid) ?? [])
      if (provider !== cluster && isUsable(yield* this.#copyOf(provider, origin))) return true
    return false
  }

  *#onAssignment({ operation, object, oldObject }: Write): Judgement {
    const { consumerCluster: cluster, namespace, name, uid, providerCluster: from } = (oldObject as Assignment).spec
    const of = { cluster, namespace, name }
    const consumer = this.#consumer(cluster)
    const source = consumer && (yield* look(consumer, thingRef(name, namespace)))
    const lives = source?.metadata.uid === uid && source.metadata.deletionTimestamp === undefined
    if (operation === 'DELETE') {
      this.judged.forgotten++
      if (this.#unrecorded.has(uid)) return
      if (lives) this.#note(`${name}:`, 'the Assignment is removed while the object lives')
      return yield* this.#judgeGone(`${name}: the Assignment is removed`, of, uid)
    }
    this.judged.switched++
    const to = (object as Assignment).spec.providerCluster
    for (const provider of [from, to]) noteIn(this.#active, uid, this.#nameOf(provider))
    if (!lives || this.#isExcused(uid)) return
    const copy = yield* this.#copyOf(to, of)
    if (isUsable(copy) && copy?.metadata.annotations?.[annotations.consumerUID] === uid) return
    const ends = `from ${this.#nameOf(from)} to ${this.#nameOf(to)}`
    this.#note(`${name}:`, `is switched ${ends} before the copy there is ready`)
  }

  *#onRelease({ cluster }: Site, { oldObject }: Write): Judgement {
    const { namespace, name, uid, deletionTimestamp } = (oldObject as Thing).metadata
    this.judged.released++
    this.#released.add(uid)
    if (deletionTimestamp === undefined || this.#unrecorded.has(uid)) return // who has a copy of it nobody may know
    yield* this.#judgeGone(`${name}: the finalizer is removed`, { cluster, namespace, name }, uid)
  }

  /** No provider that ever had a copy of this very object has it still. */
  *#judgeGone(about: string, of: Of, uid: string): Judgement {
    for (const provider of this.#touched.get(uid) ?? []) {
      const copy = yield* this.#copyOf(provider, of)
      if (copy?.metadata.annotations?.[annotations.consumerUID] === uid)
        this.#note(about, `while its copy is at ${this.#nameOf(provider)}`)
    }
  }

  *#copyOf(provider: string, { cluster, namespace, name }: Of) {
    const [site, consumer] = [this.#provider(provider), this.#consumer(cluster)]
    if (site === undefined || consumer === undefined) return undefined
    return yield* look(...copyAt(site, consumer, thingRef(name, namespace)))
  }

  #onNamed(assignment: Assignment): void {
    const { metadata, spec } = assignment
    for (const provider of namedBy(assignment)) noteIn(this.#named, spec.uid, provider)
    noteIn(this.#records, spec.uid, metadata.name)
    const names = [...(this.#records.get(spec.uid) ?? [])]
    if (names.length > 1) this.#note(`${spec.name}:`, `has more than one Assignment: ${names.join(', ')}`)
  }

  /** What the consumer sees: a status that never falls back, from an Active provider, and a Secret that is never away. */
  #follow(consumer: Site): void {
    const { signal } = this.#stopping
    watchResource(
      consumer.kube,
      THING,
      { upsert: (object) => this.#onServed(object as Thing), delete: ({ uid }) => void this.#served.delete(uid) },
      { signal },
    )
    const secrets = new Map<string, KubeObject>()
    const collection = {
      group: '',
      version: 'v1',
      resource: 'secrets',
      labelSelector: labels.relatedTo,
      metadataOnly: true,
    }
    watchResource(
      consumer.kube,
      collection,
      {
        upsert: (secret) => void secrets.set(secret.metadata.uid, secret as KubeObject),
        delete: async ({ uid }) => {
          const secret = secrets.get(uid)
          if (secret !== undefined) await this.#witness.judge(() => this.#onSecretGone(consumer, secret), this.#report)
        },
      },
      { signal },
    )
  }

  #isExcused(uid: string): boolean {
    return this.#excused.has(uid) || this.#unrecorded.has(uid)
  }

  #onServed({ metadata, status }: Thing): void {
    if (metadata.deletionTimestamp !== undefined) return
    const before = this.#served.get(metadata.uid)
    const now = status?.['from'] as string | undefined
    if (before !== undefined && !USABLE.has(status?.['status']) && !this.#isExcused(metadata.uid))
      this.#note(`${metadata.name}:`, `was ready and now says ${JSON.stringify(status)}`)
    if (now === undefined || !USABLE.has(status?.['status'])) return
    this.#served.set(metadata.uid, now)
    if (before === undefined || before === now || this.#active.get(metadata.uid)?.has(now)) return
    if (this.#unrecorded.has(metadata.uid)) return
    this.#note(`${metadata.name}:`, `is served from ${now}, which was never Active for it`)
  }

  *#onSecretGone(consumer: Site, { metadata }: KubeObject): Judgement {
    const [owner] = (metadata as unknown as { ownerReferences?: { name: string; uid: string }[] }).ownerReferences ?? []
    if (owner === undefined || this.#isExcused(owner.uid)) return
    const source = yield* look(consumer, thingRef(owner.name, metadata.namespace))
    const lives = source?.metadata.uid === owner.uid && source.metadata.deletionTimestamp === undefined
    if (lives && source.spec['secret'] === true) this.#note(`${owner.name}:`, `its Secret ${metadata.name} was away`)
  }
}

const namedBy = ({ spec: { providerCluster, copies = [] } }: Assignment) => [
  providerCluster,
  ...copies.map((copy) => copy.providerCluster),
]

const isUsable = (copy: Thing | undefined) => USABLE.has(copy?.status?.['status'])

function noteIn(sets: Map<string, Set<string>>, uid: string, item: string): void {
  sets.set(uid, (sets.get(uid) ?? new Set()).add(item))
}
