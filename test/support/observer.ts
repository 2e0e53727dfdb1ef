import {
  Assignment,
  annotations,
  assignmentName,
  copyName,
  finalizer,
  keyOf,
  labels,
  originOf,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { ConnectionError, isNotFound, isTransient, type ObjectRef, watchResource } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import { type Admission, AdmissionServer, type Watched } from './admission.ts'
import type { Clusters } from './checker.ts'
import type { Site } from './landscape.ts'
import { THING } from './provider-controller.ts'
import { type Thing, thingRef } from './things.ts'

const USABLE = new Set<unknown>(['Available', 'Degraded'])
/** Longest that a write is held for reads that get no answer; an API server waits 10 s for the verdict. */
const HOLD_MS = 6_000
const READ_MS = 3_000

/**
 * Proves the invariants that hold at every moment. A write that could break one waits at its API server until the observer has
 * read the other clusters, so what it read was so before the write, whatever any watch is behind.
 */
export class Observer {
  readonly violations: string[] = []
  readonly #clusters: Clusters
  readonly #admission: AdmissionServer
  readonly #stopping = new AbortController()
  /** Providers that an object's copies were admitted at, and providers that were ever Active for it, by uid. */
  readonly #touched = new Map<string, Set<string>>()
  readonly #active = new Map<string, Set<string>>()
  /** Providers that an object's Assignment ever named, in whatever role, by uid. */
  readonly #named = new Map<string, Set<string>>()
  /** What each consumer's object last said: by uid, the provider that serves it. */
  readonly #served = new Map<string, string>()
  /** Writes that were judged, by what they were. */
  readonly judged = { created: 0, removed: 0, switched: 0, forgotten: 0, released: 0 }

  private constructor(clusters: Clusters, admission: AdmissionServer) {
    this.#clusters = clusters
    this.#admission = admission
  }

  static async start(clusters: Clusters): Promise<Observer> {
    const admission = await AdmissionServer.start()
    const observer = new Observer(clusters, admission)
    const { platform, consumers, providers } = clusters
    const guarded = [
      admission.guard(platform, ASSIGNMENT_WRITES, (write) => observer.#judged(() => observer.#onAssignment(write))),
      ...Object.values(consumers).map((site) =>
        admission.guard(site, FINALIZER_REMOVAL, (write) => observer.#judged(() => observer.#onRelease(site, write))),
      ),
      ...Object.values(providers).map((site) =>
        admission.guard(site, COPY_WRITES, (write) => observer.#judged(() => observer.#onCopy(site, write))),
      ),
    ]
    await Promise.all(guarded)
    observer.#followAssignments(platform)
    for (const consumer of Object.values(consumers)) observer.#follow(consumer)
    return observer
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#admission.stop()
  }

  /** Reads that get no answer put the write off; they are no verdict. */
  async #judged(judge: () => Promise<void>): Promise<string | undefined> {
    const attempt = async () => {
      const failure = await judge().then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failure !== undefined && !isTransient(failure)) this.#note('the observer', `failed: ${String(failure)}`)
      return !isTransient(failure)
    }
    try {
      await waitFor('a verdict', attempt, { timeoutMs: HOLD_MS, intervalMs: 100 })
      return undefined
    } catch {
      return 'the observer cannot judge now'
    }
  }

  #note(about: string, violation: string | undefined): void {
    if (violation !== undefined) this.violations.push(`${about} ${violation}`)
  }

  async #onCopy(provider: Site, { operation, object, oldObject }: Admission): Promise<void> {
    const copy = (operation === 'CREATE' ? object : oldObject) as Thing
    const origin = originOf(copy.metadata)
    if (origin === undefined) return
    const consumer = this.#clusters.consumers[origin.cluster]
    if (consumer === undefined) return
    const uid = copy.metadata.annotations?.[annotations.consumerUID] ?? ''
    const key = keyOf({ ...origin, gvr: THING })
    const assignment = await read<Assignment>(this.#clusters.platform, {
      ...Assignment.resource,
      name: assignmentName(key),
    })
    const source = await read<Thing>(consumer, thingRef(origin.name, origin.namespace))
    const lives = source?.metadata.uid === uid && source.metadata.deletionTimestamp === undefined
    const record = assignment?.spec.uid === uid ? assignment : undefined
    const about = `${origin.name}: the copy at ${provider.name}`
    if (operation === 'CREATE') {
      this.judged.created++
      this.#noteTouch(uid, provider.name)
      this.#note(about, await this.#judgeCreation(provider.name, source, record))
    } else {
      this.judged.removed++
      if (lives) this.#note(about, await this.#judgeRemoval(provider.name, copy, record))
    }
  }

  /** A write that was on its way while a move was taken back may arrive late; the copy that it makes is removed again. */
  async #judgeCreation(
    provider: string,
    source: Thing | undefined,
    record: Assignment | undefined,
  ): Promise<string | undefined> {
    if (record === undefined) return 'is made without an Assignment'
    if (!source?.metadata.finalizers?.includes(finalizer)) return 'is made before the object has its finalizer'
    if (namedBy(record).includes(provider)) return undefined
    const wasNamed = () => this.#named.get(record.spec.uid)?.has(provider) ?? false
    return await waitFor('the watch shows it', wasNamed, { timeoutMs: READ_MS }).then(
      () => undefined,
      () => `is made, but its Assignment never named that provider: ${namedBy(record)}`,
    )
  }

  async #judgeRemoval(provider: string, copy: Thing, record: Assignment | undefined): Promise<string | undefined> {
    if (record === undefined) return 'is removed while the object lives and has no Assignment'
    const active = record.spec.providerCluster
    if (active === provider) return 'is removed while that provider is Active'
    const serving = await this.#copyAt(active, copy)
    return !isUsable(serving) && isUsable(copy) ? `is removed before the copy at ${active} is ready` : undefined
  }

  async #onAssignment({ operation, object, oldObject }: Admission): Promise<void> {
    const { consumerCluster, namespace, name, uid, providerCluster: from } = (oldObject as Assignment).spec
    const source = await read<Thing>(this.#clusters.consumers[consumerCluster] as Site, thingRef(name, namespace))
    const lives = source?.metadata.uid === uid && source.metadata.deletionTimestamp === undefined
    if (operation === 'DELETE') {
      this.judged.forgotten++
      if (lives) this.#note(`${name}:`, `the Assignment is removed while the object lives`)
      return await this.#judgeGone(`${name}: the Assignment is removed`, consumerCluster, namespace, name, uid)
    }
    this.judged.switched++
    const to = (object as Assignment).spec.providerCluster
    this.#noteActive(uid, from)
    this.#noteActive(uid, to)
    if (!lives) return
    const copy = await this.#copyOf(to, consumerCluster, namespace, name)
    if (isUsable(copy) && copy?.metadata.annotations?.[annotations.consumerUID] === uid) return
    this.#note(`${name}:`, `is switched from ${from} to ${to} before the copy there is ready`)
  }

  async #onRelease(consumer: Site, { oldObject }: Admission): Promise<void> {
    const { namespace, name, uid, deletionTimestamp } = (oldObject as Thing).metadata
    this.judged.released++
    if (deletionTimestamp === undefined) return
    await this.#judgeGone(`${name}: the finalizer is removed`, consumer.name, namespace, name, uid)
  }

  /** No provider that ever had a copy of this very object has it still. */
  async #judgeGone(
    about: string,
    cluster: string,
    namespace: string | undefined,
    name: string,
    uid: string,
  ): Promise<void> {
    for (const provider of this.#touched.get(uid) ?? []) {
      const copy = await this.#copyOf(provider, cluster, namespace, name)
      if (copy?.metadata.annotations?.[annotations.consumerUID] === uid)
        this.#note(about, `while its copy is at ${provider}`)
    }
  }

  async #copyAt(provider: string, copy: Thing): Promise<Thing | undefined> {
    return await read<Thing>(
      this.#clusters.providers[provider] as Site,
      thingRef(copy.metadata.name, copy.metadata.namespace),
    )
  }

  async #copyOf(
    provider: string,
    cluster: string,
    namespace: string | undefined,
    name: string,
  ): Promise<Thing | undefined> {
    return await read<Thing>(this.#clusters.providers[provider] as Site, thingRef(copyName(cluster, name), namespace))
  }

  #noteTouch(uid: string, provider: string): void {
    this.#touched.set(uid, (this.#touched.get(uid) ?? new Set()).add(provider))
  }

  #noteActive(uid: string, provider: string): void {
    this.#active.set(uid, (this.#active.get(uid) ?? new Set()).add(provider))
  }

  #followAssignments({ kube }: Site): void {
    const upsert = (object: unknown) => {
      const { uid } = (object as Assignment).spec
      this.#named.set(uid, (this.#named.get(uid) ?? new Set()).union(new Set(namedBy(object as Assignment))))
    }
    watchResource(
      kube,
      { ...Assignment.resource },
      { upsert, delete: () => undefined },
      { signal: this.#stopping.signal },
    )
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
          if (secret !== undefined) await this.#judged(() => this.#onSecretGone(consumer, secret))
        },
      },
      { signal },
    )
  }

  #onServed({ metadata, status }: Thing): void {
    if (metadata.deletionTimestamp !== undefined) return
    const before = this.#served.get(metadata.uid)
    const now = status?.['from'] as string | undefined
    if (before !== undefined && !USABLE.has(status?.['status']))
      this.#note(`${metadata.name}:`, `was ready and now says ${JSON.stringify(status)}`)
    if (now === undefined || !USABLE.has(status?.['status'])) return
    this.#served.set(metadata.uid, now)
    if (before === undefined || before === now || this.#active.get(metadata.uid)?.has(now)) return
    this.#note(`${metadata.name}:`, `is served from ${now}, which was never Active for it`)
  }

  async #onSecretGone(consumer: Site, { metadata }: KubeObject): Promise<void> {
    const [owner] = (metadata as unknown as { ownerReferences?: { name: string; uid: string }[] }).ownerReferences ?? []
    if (owner === undefined) return
    const source = await read<Thing>(consumer, thingRef(owner.name, metadata.namespace))
    const lives = source?.metadata.uid === owner.uid && source.metadata.deletionTimestamp === undefined
    if (lives && source.spec['secret'] === true) this.#note(`${owner.name}:`, `its Secret ${metadata.name} was away`)
  }
}

const ASSIGNMENT_WRITES: Watched[] = [
  { ...Assignment.resource, operations: ['DELETE'] },
  {
    ...Assignment.resource,
    operations: ['UPDATE'],
    when: 'object.spec.providerCluster != oldObject.spec.providerCluster',
  },
]
const COPY_WRITES: Watched[] = [{ ...THING, operations: ['CREATE', 'DELETE'] }]
const has = (object: string) =>
  `(has(${object}.metadata.finalizers) && '${finalizer}' in ${object}.metadata.finalizers)`
const FINALIZER_REMOVAL: Watched[] = [
  { ...THING, operations: ['UPDATE'], when: `${has('oldObject')} && !${has('object')}` },
]

const namedBy = ({ spec: { providerCluster, copies = [] } }: Assignment) => [
  providerCluster,
  ...copies.map((copy) => copy.providerCluster),
]

const isUsable = (copy: Thing | undefined) => USABLE.has(copy?.status?.['status'])

/** The object, or undefined where there is none. Not answered in time counts as no answer. */
async function read<T>(site: Site, ref: ObjectRef): Promise<T | undefined> {
  return await site.kube.get<T>(ref, { signal: AbortSignal.timeout(READ_MS) }).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw (error as Error).name === 'TimeoutError' ? new ConnectionError(`${site.name} did not answer in time`) : error
  })
}
