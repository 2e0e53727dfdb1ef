import { isDeepStrictEqual } from 'node:util'
import {
  AcceptAPI,
  Assignment,
  annotations,
  compileAcceptAPI,
  finalizer,
  labels,
  Migration,
  OfferIndex,
  originName,
  relatedResources,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type CollectionRef, isForbidden, isNotFound, isTransient } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'
import type { Landscape, Place, Site } from './landscape.ts'
import { THING } from './provider-controller.ts'
import { conditionOf, copyAt, type Thing, thingRef } from './things.ts'

export type Clusters = Pick<Landscape, 'platform' | 'consumers' | 'providers' | 'copyPlaces'>
type Secret = KubeObject & { type?: string; data?: Record<string, string> }

type ById<T> = Map<string, T>

/** Everything that the clusters hold of the broker's work, by the names of sites, and of copies by those of the places where they are. */
type Snapshot = {
  clusters: Clusters
  assignments: Assignment[]
  migrations: Migration[]
  offers: OfferIndex
  objects: Map<string, Thing[]>
  copies: Map<string, ById<Thing>>
  secrets: Map<string, ById<Secret>>
}

const SECRETS = { group: '', version: 'v1', resource: 'secrets' }
/** Conditions of a consumer's object that are the broker's own. */
const OURS = new Set(['Placed', 'Synced', 'Migrating'])
const ENDED = new Set(['CutoverCompleted', 'Failed', 'RolledBack'])
/** A message names so many violations. */
const SHOWN = 12

/** Every way in which the clusters, read now, break the invariants that hold once all is quiet. The bus is not asked. */
export async function findViolations(clusters: Clusters): Promise<string[]> {
  return judge(await takeSnapshot(clusters))
}

/** Waits until the clusters are as they must be and nothing is written any more; throws with what is wrong at the deadline. */
export async function untilConsistent(clusters: Clusters, timeoutMs = 300_000): Promise<void> {
  let violations: string[] = []
  let before: Snapshot | undefined
  const clean = async () => {
    const now = await snapshotIfAnswered(clusters)
    violations = now === undefined ? ['not every cluster answers'] : judge(now)
    if (violations.length > 0) return false
    const quiet = before !== undefined && now !== undefined && isDeepStrictEqual(versions(before), versions(now))
    before = now
    return quiet
  }
  const what = () => violations.slice(0, SHOWN).join('\n  ') || 'what is right is written again and again'
  await waitFor('the clusters are consistent', clean, { timeoutMs, intervalMs: 250 }).catch((cause: unknown) => {
    throw new Error(`${violations.length} violations remain:\n  ${what()}`, { cause })
  })
}

/** Whether nothing of the broker's is left anywhere: no object, copy, Assignment or Secret. */
export async function untilEmpty(clusters: Clusters, timeoutMs = 300_000): Promise<void> {
  let left: string[] = []
  const empty = async () => {
    const now = await snapshotIfAnswered(clusters)
    if (now === undefined) return false
    const { assignments, objects, copies, secrets } = now
    left = [
      ...assignments.map(({ metadata }) => metadata.name),
      ...[...objects].flatMap(([at, things]) => things.map(({ metadata }) => `${at}: ${metadata.name}`)),
      ...[...copies].flatMap(([at, things]) => [...things.keys()].map((name) => `${at}: ${name}`)),
      ...[...secrets].flatMap(([at, found]) => [...found.keys()].map((name) => `${at}: Secret ${name}`)),
    ]
    return left.length === 0
  }
  await waitFor('nothing is left', empty, { timeoutMs, intervalMs: 250 }).catch((cause: unknown) => {
    throw new Error(`${left.length} things are left:\n  ${left.slice(0, SHOWN).join('\n  ')}`, { cause })
  })
}

/**
 * What is written although nothing changes, by what it is: those that have another version than `ms` before, or came or went.
 * The time is what is looked at, nothing is waited for.
 */
export async function writtenWithin(clusters: Clusters, ms: number): Promise<string[]> {
  const before = versions(await takeSnapshot(clusters))
  await new Promise((resolve) => setTimeout(resolve, ms))
  const after = versions(await takeSnapshot(clusters))
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter((name) => before.get(name) !== after.get(name))
}

async function snapshotIfAnswered(clusters: Clusters): Promise<Snapshot | undefined> {
  return await takeSnapshot(clusters).catch((error: unknown) => {
    if (isTransient(error)) return undefined
    throw error
  })
}

async function takeSnapshot(clusters: Clusters): Promise<Snapshot> {
  const { platform, providers } = clusters
  const consumers = Object.values(clusters.consumers)
  const places = await clusters.copyPlaces()
  const [assignments, migrations, offers, objects, copies, secrets] = await Promise.all([
    platform.kube.list<Assignment>({ ...Assignment.resource }),
    platform.kube.list<Migration>({ ...Migration.resource }),
    readOffers(Object.values(providers)),
    byPlace(consumers, (site) => itemsOf<Thing>(site, THING)),
    byPlace(places, async (place) => byName(await itemsOf<Thing>(place, THING))),
    byPlace([...consumers, ...places], async (place) => byName(await itemsOf<Secret>(place, SECRETS))),
  ])
  return { clusters, assignments: assignments.items, migrations: migrations.items, offers, objects, copies, secrets }
}

async function byPlace<T>(places: Place[], readOne: (place: Place) => Promise<T>): Promise<Map<string, T>> {
  return new Map(await Promise.all(places.map(async (place) => [place.name, await readOne(place)] as const)))
}

/** None in a workspace that comes or goes. */
async function itemsOf<T>({ kube, path }: Place, resource: CollectionRef): Promise<T[]> {
  const { items } = await kube.list<T>(resource).catch((error: unknown) => {
    if (path !== undefined && (isNotFound(error) || isForbidden(error))) return { items: [] }
    throw error
  })
  return items
}

const id = ({ metadata }: { metadata: { namespace?: string; name: string } }) =>
  `${metadata.namespace}/${metadata.name}`

function byName<T extends KubeObject>(items: T[]): Map<string, T> {
  return new Map(items.map((item) => [id(item), item]))
}

async function readOffers(providers: Site[]): Promise<OfferIndex> {
  const index = new OfferIndex()
  for (const { cluster, kube } of providers) {
    const { items } = await kube.list<KubeObject>({ ...AcceptAPI.resource })
    for (const item of items) {
      const compiled = compileAcceptAPI(item, cluster)
      if ('offer' in compiled) index.set(compiled.offer)
    }
  }
  return index
}

/** Which version of everything is there, by what a person may call it. */
function versions({ assignments, migrations, objects, copies, secrets }: Snapshot): Map<string, string> {
  const version = ({ uid, resourceVersion }: { uid?: string; resourceVersion?: string }) => `${uid}@${resourceVersion}`
  return new Map([
    ...[...assignments, ...migrations].map(({ metadata }) => [metadata.name, version(metadata)] as const),
    ...[...objects].flatMap(([at, things]) =>
      things.map(({ metadata }) => [`${at}: ${metadata.name}`, version(metadata)] as const),
    ),
    ...[...copies].flatMap(([at, found]) =>
      [...found].map(([name, { metadata }]) => [`${at}: copy ${name}`, version(metadata)] as const),
    ),
    ...[...secrets].flatMap(([at, found]) =>
      [...found].map(([name, { metadata }]) => [`${at}: Secret ${name}`, version(metadata)] as const),
    ),
  ])
}

function judge(snapshot: Snapshot): string[] {
  const live = Object.values(snapshot.clusters.consumers).flatMap((consumer) =>
    (snapshot.objects.get(consumer.name) ?? []).map((object) => ({ consumer, object })),
  )
  const uids = new Set(live.map(({ object }) => object.metadata.uid))
  return [
    ...live.flatMap(({ consumer, object }) => judgeObject(snapshot, consumer, object)),
    ...snapshot.assignments
      .filter(({ spec }) => !uids.has(spec.uid))
      .map(({ metadata, spec }) => `${metadata.name} stands for ${spec.name} of uid ${spec.uid}, which is gone`),
    ...snapshot.migrations
      .filter(({ status }) => !ENDED.has(status?.state ?? 'Pending'))
      .map(
        ({ metadata, status }) =>
          `${metadata.name} has not ended: ${status?.state} ${JSON.stringify(status?.conditions?.at(-1)?.message)}`,
      ),
    ...orphans(snapshot),
    ...strayRelated(snapshot, uids),
  ]
}

function orphans({ clusters, assignments, copies }: Snapshot): string[] {
  const wanted = new Set(
    assignments.flatMap(({ spec: { consumerCluster, providerCluster, namespace, name } }) => {
      const consumer = siteOf(clusters.consumers, consumerCluster)
      const provider = siteOf(clusters.providers, providerCluster)
      if (consumer === undefined || provider === undefined) return []
      const [at, copy] = copyAt(provider, consumer, thingRef(name, namespace))
      return [`${at.name}: ${copy.namespace}/${copy.name}`]
    }),
  )
  const found = [...copies].flatMap(([place, things]) => [...things.keys()].map((name) => `${place}: ${name}`))
  return found.filter((copy) => !wanted.has(copy)).map((copy) => `${copy} is there, but no Assignment names it`)
}

/** The site that the broker calls so. */
function siteOf(sites: Record<string, Site>, cluster: string): Site | undefined {
  return Object.values(sites).find((site) => site.cluster === cluster)
}

/** Secrets that the broker made at a consumer for an object that is no more. */
function strayRelated({ objects, secrets }: Snapshot, uids: Set<string>): string[] {
  return [...objects.keys()].flatMap((cluster) =>
    [...(secrets.get(cluster)?.values() ?? [])]
      .filter(
        (secret) =>
          secret.metadata.labels?.[labels.relatedTo] !== undefined && !ownersOf(secret).some((uid) => uids.has(uid)),
      )
      .map((secret) => `${cluster}: Secret ${secret.metadata.name} belongs to no object`),
  )
}

function ownersOf({ metadata }: Secret): string[] {
  return ((metadata as { ownerReferences?: { uid: string }[] }).ownerReferences ?? []).map(({ uid }) => uid)
}

function judgeObject(snapshot: Snapshot, consumer: Site, object: Thing): string[] {
  const { name, namespace, uid, deletionTimestamp } = object.metadata
  const says = (what: string) => `${consumer.name}: ${name} ${what}`
  if (deletionTimestamp !== undefined) return [says('is being deleted and still there')]
  const ofObject = snapshot.assignments.filter(
    ({ spec }) => spec.consumerCluster === consumer.cluster && spec.namespace === namespace && spec.name === name,
  )
  const accepting = acceptedBy(snapshot, consumer, object)
  const names = accepting.map((cluster) => nameOf(snapshot, cluster)).join(', ')
  const [assignment, ...more] = ofObject
  if (accepting.length === 0 && assignment === undefined) {
    return conditionOf(object, 'Placed')?.status === 'False' ? [] : [says('is accepted by nobody and not told so')]
  }
  if (assignment === undefined) return [says(`is accepted by ${names} and has no Assignment`)]
  const { spec } = assignment
  const wrong = [
    ...more.map(({ metadata }) => `has one more Assignment: ${metadata.name}`),
    ...(spec.uid === uid ? [] : [`has uid ${uid}, its Assignment is for ${spec.uid}`]),
    ...(spec.copies?.length ? [`still has copies asked for: ${JSON.stringify(spec.copies)}`] : []),
    ...(accepting.length > 0 && !accepting.includes(spec.providerCluster)
      ? [`is at ${nameOf(snapshot, spec.providerCluster)}, which refuses it; ${names} would not`]
      : []),
    ...(object.metadata.finalizers?.includes(finalizer) ? [] : ['has no finalizer']),
    ...judgeCopies(snapshot, consumer, object, assignment, accepting.includes(spec.providerCluster)),
  ]
  return wrong.map(says)
}

/** What the tests call a provider. */
function nameOf({ clusters }: Snapshot, provider: string): string {
  return siteOf(clusters.providers, provider)?.name ?? provider
}

function acceptedBy({ offers }: Snapshot, { cluster, path }: Site, object: Thing): string[] {
  const { name, namespace = '', uid, generation = 0 } = object.metadata
  const consumer = path === undefined ? { cluster } : { cluster, path }
  const matched = offers.match({ consumer, gvr: THING, namespace, name, uid, generation, object })
  return [...new Set(matched.map(({ ref }) => ref.providerCluster))]
}

function judgeCopies(
  snapshot: Snapshot,
  consumer: Site,
  object: Thing,
  { spec }: Assignment,
  accepted: boolean,
): string[] {
  const { namespace, name, uid } = object.metadata
  const copies = Object.values(snapshot.clusters.providers).flatMap((provider) => {
    const [at, ref] = copyAt(provider, consumer, thingRef(name, namespace))
    const copy = snapshot.copies.get(at.name)?.get(`${ref.namespace}/${ref.name}`)
    return copy === undefined ? [] : [{ provider, at, copy }]
  })
  const active = nameOf(snapshot, spec.providerCluster)
  const [there] = copies.filter(({ provider }) => provider.name === active)
  const wrong = copies
    .filter((copy) => copy !== there)
    .map(({ provider }) => `has a copy at ${provider.name}, but is at ${active}`)
  if (there === undefined) return [...wrong, `has no copy at ${active}`]
  const { at, copy } = there
  if (copy.metadata.deletionTimestamp !== undefined) wrong.push(`has a copy at ${active} that is being deleted`)
  if (copy.metadata.annotations?.[annotations.consumerUID] !== uid) wrong.push('has the copy of another object')
  if (accepted && !isDeepStrictEqual(copy.spec, object.spec))
    wrong.push(`wants ${JSON.stringify(object.spec)}, its copy is ${JSON.stringify(copy.spec)}`)
  if (accepted) wrong.push(...judgeStatus(consumer, object, copy))
  return [...wrong, ...judgeSecrets(snapshot, consumer, object, at, copy)]
}

function judgeStatus({ cluster }: Site, object: Thing, copy: Thing): string[] {
  const said = providerWords(copy)
  const heard = providerWords(object)
  const { related } = relatedResources(copy.status)
  const renamed = related.map(({ key, namespace, name, gvk }) => [
    key,
    { namespace, name: originName(cluster, name), gvk },
  ])
  const expected = {
    ...said,
    ...(said.relatedResources === undefined ? {} : { relatedResources: Object.fromEntries(renamed) }),
    observedGeneration: object.metadata.generation,
  }
  const wrong = [
    ...(copy.status?.['observedGeneration'] === copy.metadata.generation
      ? []
      : ['is not answered by its provider yet']),
    ...(isDeepStrictEqual(heard, expected)
      ? []
      : [`says ${JSON.stringify(heard)}, its copy ${JSON.stringify(expected)}`]),
  ]
  for (const type of ['Placed', 'Synced']) {
    const condition = conditionOf(object, type)
    if (condition?.status !== 'True')
      wrong.push(`is ${type}=${condition?.status} ${condition?.reason}: ${condition?.message}`)
  }
  if (conditionOf(object, 'Migrating') !== undefined) wrong.push('says that it moves')
  return wrong
}

/** status without the broker's own conditions. */
function providerWords({ status = {} }: Thing): Record<string, unknown> {
  const { conditions = [], ...fields } = status
  const theirs = conditions.filter(({ type }) => !OURS.has(type))
  return theirs.length === 0 ? fields : { ...fields, conditions: theirs }
}

function judgeSecrets(
  { secrets }: Snapshot,
  { name: consumer, cluster }: Site,
  object: Thing,
  { name: place }: Place,
  copy: Thing,
): string[] {
  return relatedResources(copy.status).related.flatMap(({ namespace = 'default', name }) => {
    const from = secrets.get(place)?.get(`${namespace}/${name}`)
    const to = secrets.get(consumer)?.get(`${object.metadata.namespace}/${originName(cluster, name)}`)
    if (from === undefined) return [`refers to Secret ${name}, which ${place} does not have`]
    if (to === undefined) return [`lacks the Secret ${originName(cluster, name)}`]
    if (!ownersOf(to).includes(object.metadata.uid)) return [`has Secret ${to.metadata.name} without being its owner`]
    if (from.type === to.type && isDeepStrictEqual(from.data, to.data)) return []
    return [`has Secret ${to.metadata.name} with other content than ${place}`]
  })
}
