import { isDeepStrictEqual } from 'node:util'
import { labels, mayTravel, readiness, relatedResources } from '@resource-broker/api'
import type { KubeObject, RelatedMeta, SourceRef } from '@resource-broker/bus'
import { isAlreadyExists, type KubeClient, type ObjectRef, readIfThere } from '@resource-broker/kube'
import { type Current, type Known, ownerOf } from '../facts/known.ts'
import type { Action } from '../plan/action.ts'
import { markOf, memoOf, TRAVELLING, type WantedRelated } from '../plan/related.ts'
import { giveUp, standInLine } from './heirs.ts'
import type { Performance } from './perform.ts'
import { Refusal } from './refusal.ts'

type Of<Do extends Action['do']> = Extract<Action, { do: Do }>

/** Reads a related object at the provider and makes the consumer's the same. Its content goes nowhere else. */
export async function bringRelated(performance: Performance, { from, item, over }: Of<'bring related'>): Promise<void> {
  const { context, known } = performance
  const origin = await readOrigin(performance, from, item)
  if (origin === undefined) return
  const collection = { group: '', version: 'v1', resource: TRAVELLING[item.kind].resource }
  const content = TRAVELLING[item.kind].content.flatMap((field) => (field in origin ? [[field, origin[field]]] : []))
  const client = context.clusters.consumers.client(known.ref as SourceRef)
  const made = { ...metaOf(known as Current, item), ...Object.fromEntries(content) }
  const { metadata } = await write(client, { ...collection, ...item.to }, made, known as Current, over !== undefined)
  remember(performance, memoOf(item), markOf(from.provider, origin.metadata.resourceVersion, metadata.resourceVersion))
  const { uid, resourceVersion } = metadata
  learn(performance, { kind: item.kind, ...item.to }, { kind: item.kind, ...item.to, uid, resourceVersion })
}

async function readOrigin(
  { context }: Performance,
  { provider, cluster, object }: Of<'bring related'>['from'],
  { kind, from }: WantedRelated,
): Promise<KubeObject | undefined> {
  const there = context.clusters.destinations.at(cluster)
  const ref = { group: '', version: 'v1', resource: TRAVELLING[kind].resource, ...from }
  const origin = there && (await readIfThere<KubeObject>(there.client, ref))
  if (origin === undefined) {
    if (!readiness(object).ready) return undefined // it may name what it has yet to make
    const message = `${provider} has no ${kind} ${from.namespace}/${from.name}, which its status refers to`
    throw new Refusal('RelatedMissing', message)
  }
  if (kind === 'Secret' && !mayTravel(origin.type)) {
    const message = `${kind} ${from.name} at ${provider} has the type ${origin.type}, which does not travel`
    throw new Refusal('RelatedRefused', message)
  }
  return origin
}

function remember({ context, known }: Performance, memo: string, mark: string): void {
  const compared = context.compared.get(known.key) ?? new Map<string, string>()
  context.compared.set(known.key, compared.set(memo, mark))
}

/** What was written counts at once, unless a watch has told of it meanwhile. */
function learn({ context, known, view }: Performance, of: RelatedMeta, now: RelatedMeta | undefined): void {
  const { cluster } = known.ref as SourceRef
  const heard = view.get('source-related', cluster)?.related ?? []
  const others = heard.filter(
    ({ kind, namespace, name }) => kind !== of.kind || namespace !== of.namespace || name !== of.name,
  )
  const related = now === undefined ? others : [...others, now]
  view.learn('source-related', cluster, { related }, context.now().getTime())
}

type Owner = { apiVersion: string; kind: string; name: string }
type Metadata = KubeObject['metadata'] & { ownerReferences?: (Owner & { uid: string })[] }
type Body = {
  metadata: { labels: Record<string, string>; ownerReferences: (Owner & { uid: string })[] }
  [field: string]: unknown
}

/** Metadata of the object at the consumer: it belongs to the consumer's object and goes with it. */
function metaOf({ key, source, brokerID }: Current, { kind, to }: WantedRelated): Body {
  const { apiVersion, kind: ownerKind, metadata } = source
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      ...to,
      labels: { [labels.relatedTo]: key, [labels.brokerID]: brokerID },
      ownerReferences: [{ apiVersion, kind: ownerKind, name: metadata.name, uid: metadata.uid }],
    },
  }
}

/** Creates the object, or replaces its content if it is the broker's own and differs; touches nobody else's. */
async function write(
  client: KubeClient,
  ref: ObjectRef,
  body: Body,
  known: Current,
  exists: boolean,
): Promise<KubeObject> {
  try {
    if (!exists) return await client.create<KubeObject>(ref, body)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  const existing = await readIfThere<KubeObject>(client, ref)
  if (existing === undefined) return await client.create<KubeObject>(ref, body) // it went since it was heard of
  if (!isOwn(existing, known)) {
    await standInLine(client, ref, existing, known)
    throw new Refusal('RelatedConflict', conflictOf(ref, existing))
  }
  const wanted = over(existing, body)
  if (isDeepStrictEqual(existing, wanted)) return existing
  if (!isFixed(existing, body)) return await client.replace<KubeObject>(ref, wanted)
  const { uid, resourceVersion } = existing.metadata
  await client.delete(ref, { uid, resourceVersion })
  return await client.create<KubeObject>(ref, body)
}

/** What others put on the object's metadata stays; its content is the provider's alone. */
function over(existing: KubeObject, body: Body): KubeObject {
  const { labels: its, ownerReferences: owners = [], ...metadata } = existing.metadata as Metadata
  const { ownerReferences: ours, labels: theirs } = body.metadata
  const others = owners.filter((owner) => !ours.some((own) => own.uid !== owner.uid && isOfOneName(own, owner)))
  const missing = ours.filter(({ uid }) => !others.some((owner) => owner.uid === uid))
  return {
    ...body,
    metadata: { ...metadata, labels: { ...its, ...theirs }, ownerReferences: [...others, ...missing] },
  } as unknown as KubeObject
}

const isOfOneName = (one: Owner, other: Owner): boolean => one.kind === other.kind && one.name === other.name

/** A type never changes, and nothing of what is immutable does: another object has to take its place. */
function isFixed(existing: KubeObject, body: Body): boolean {
  return (
    existing.immutable === true ||
    (existing.kind === 'Secret' && (existing.type ?? 'Opaque') !== (body['type'] ?? 'Opaque'))
  )
}

/**
 * The broker made it for this very object, or for an earlier one of the name: label and owner say so. One without the broker's id is of a
 * version that gave none.
 */
function isOwn({ metadata }: KubeObject, known: Owned): boolean {
  const { key, brokerID } = known
  const { labels: its, ownerReferences = [] } = metadata as Metadata
  const isMade = its?.[labels.relatedTo] !== undefined && (its[labels.brokerID] ?? brokerID) === brokerID
  const { uid, name } = ownerOf(known)
  const isOfKey = its?.[labels.relatedTo] === key
  return isMade && ownerReferences.some((owner) => owner.uid === uid || (isOfKey && owner.name === name))
}

type Owned = Pick<Known, 'key' | 'assignment' | 'source' | 'brokerID'>

function conflictOf({ resource, name }: ObjectRef, { metadata }: KubeObject): string {
  const { labels: its, ownerReferences = [] } = metadata as Metadata
  const [owner] = its?.[labels.relatedTo] === undefined ? [] : ownerReferences
  if (owner !== undefined)
    return `${resource}/${name} belongs to ${owner.kind} ${owner.name}, which names the same; it is left as it is until that one goes`
  return `the consumer already has ${resource}/${name}, which the broker did not create; it is left as it is`
}

/**
 * Deletes one related object at the consumer if the broker made it: the label alone is the consumer's to write. While the object lives
 * the copy that serves is asked first, as it may name it by now.
 */
export async function removeRelated(
  performance: Performance,
  { meta, unlessNamedBy }: Of<'remove related'>,
): Promise<void> {
  const { context, known } = performance
  if (!(meta.kind in TRAVELLING)) return
  const { resource } = TRAVELLING[meta.kind as keyof typeof TRAVELLING]
  const ref = { group: '', version: 'v1', resource, namespace: meta.namespace, name: meta.name }
  if (unlessNamedBy !== undefined && !(await isStillAsSeen(performance, unlessNamedBy))) return
  const client = context.clusters.consumers.client(known.ref as SourceRef)
  const existing = await readIfThere<KubeObject>(client, ref, { metadataOnly: true })
  if (existing !== undefined && isOwn(existing, known)) {
    await giveUp(client, ref, existing, ownerOf(known))
  }
  context.compared.get(known.key)?.delete(`${meta.kind}/${meta.name}`)
  learn(performance, meta, undefined)
}

/** Whether the serving copy names just what it named when the removal was planned; if not, its word is learned and decides anew. */
async function isStillAsSeen(
  { context, known, view }: Performance,
  copy: NonNullable<Of<'remove related'>['unlessNamedBy']>,
) {
  const there = context.clusters.destinations.at(copy.cluster)
  if (there === undefined || copy.object === null) return false
  const { name, namespace } = copy.object.metadata
  const target = { ...(known.ref as SourceRef).gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  const object = (await readIfThere<KubeObject>(there.client, target)) ?? null
  view.learn('copy', copy.provider, { ...copy, object }, context.now().getTime())
  const named = (of: KubeObject | null) => relatedResources(of?.status).related
  return object?.metadata.uid === copy.object.metadata.uid && isDeepStrictEqual(named(object), named(copy.object))
}
