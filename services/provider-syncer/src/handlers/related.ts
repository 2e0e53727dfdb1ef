import { isDeepStrictEqual } from 'node:util'
import { labels, originName, readiness, relatedResources } from '@resource-broker/api'
import type { CopyMessage, KeyView, KubeObject, RelatedMeta } from '@resource-broker/bus'
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  type KubeClient,
  type ObjectRef,
} from '@resource-broker/kube'
import type { SyncerContext } from '../context.ts'
import type { Known } from '../known.ts'

/** Why a related object did not reach the consumer. */
export type RelatedProblem = { reason: 'RelatedConflict' | 'RelatedRefused' | 'RelatedMissing'; message: string }

class Refusal extends Error {
  readonly reason: RelatedProblem['reason']

  constructor(reason: RelatedProblem['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** Kinds that travel, by kind: the resource, and the fields that are content. Everything else is refused. */
const ALLOWED: Record<string, { resource: string; content: string[] }> = {
  Secret: { resource: 'secrets', content: ['type', 'data', 'immutable'] },
  ConfigMap: { resource: 'configmaps', content: ['data', 'binaryData', 'immutable'] },
}

/** A Secret of one of these types gives rights in the cluster where it lies; a provider must not plant one. */
const REFUSED_TYPES = new Set(['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'])

type Wanted = {
  kind: string
  from: { namespace: string; name: string }
  to: { namespace: string; name: string }
  known: RelatedMeta | undefined
}

/**
 * Makes the consumer's related objects be what the serving copy's status refers to: content is read at the provider and written
 * at the consumer when either side changed since it was last compared; what is no longer referred to goes.
 * @returns problems to tell the consumer, by related object.
 */
export async function syncRelated(
  context: SyncerContext,
  known: Known & { source: KubeObject },
  copy: CopyMessage,
  view: KeyView,
): Promise<RelatedProblem[]> {
  if (copy.object?.status === undefined) return [] // it has yet to say what belongs to it
  const { wanted, problems } = wantedRelated(known, copy)
  const present: RelatedMeta[] = []
  const { ready } = readiness(copy.object) // until then a provider may name what it has yet to make
  for (const item of wanted) {
    try {
      present.push(await syncOne(context, known, copy, item))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.reason !== 'RelatedMissing' || ready) problems.push({ reason: error.reason, message: error.message })
    }
  }
  await removeOthers(context, known, present)
  const heard = view.get('source-related', known.ref.cluster)?.related
  const isNews = heard !== undefined && heard !== known.sourceRelated // told meanwhile: the next look starts from there
  if (!isNews && (present.length > 0 || known.sourceRelated.length > 0)) {
    view.learn('source-related', known.ref.cluster, { related: present }, context.now().getTime())
  }
  return problems
}

function wantedRelated(known: Known, copy: CopyMessage): { wanted: Wanted[]; problems: RelatedProblem[] } {
  const { related, mistakes } = relatedResources(copy.object?.status)
  const problems: RelatedProblem[] = mistakes.map(({ path, message }) => ({
    reason: 'RelatedRefused',
    message: `${path}: ${message}`,
  }))
  const seen = known.copyRelated.get(copy.provider) ?? []
  const wanted: Wanted[] = []
  for (const { key, namespace = copy.object?.metadata.namespace ?? 'default', name, gvk } of related) {
    if (gvk.group !== '' || !Object.hasOwn(ALLOWED, gvk.kind)) {
      problems.push({
        reason: 'RelatedRefused',
        message: `relatedResources.${key}: ${gvk.kind} is not among the kinds that travel (${Object.keys(ALLOWED).join(', ')})`,
      })
      continue
    }
    if (!isInReach(namespace, copy)) {
      problems.push({
        reason: 'RelatedRefused',
        message: `relatedResources.${key}: the namespace ${namespace} is out of this object's reach`,
      })
      continue
    }
    const to = { namespace: known.ref.namespace ?? 'default', name: originName(known.ref.cluster, name) }
    const meta = seen.find((item) => item.kind === gvk.kind && item.namespace === namespace && item.name === name)
    wanted.push({ kind: gvk.kind, from: { namespace, name }, to, known: meta })
  }
  return { wanted, problems }
}

/**
 * The broker may read more of a provider's cluster than the operator whose word a status is: a copy refers to objects of its own
 * namespace, a cluster-scoped one to any but the system's.
 */
function isInReach(namespace: string, { object }: CopyMessage): boolean {
  const home = object?.metadata.namespace
  return home === undefined ? !namespace.startsWith('kube-') : namespace === home
}

async function syncOne(
  context: SyncerContext,
  known: Known & { source: KubeObject },
  { provider, cluster }: CopyMessage,
  item: Wanted,
): Promise<RelatedMeta> {
  const at = known.sourceRelated.find(
    (meta) => meta.kind === item.kind && meta.name === item.to.name && meta.namespace === item.to.namespace,
  )
  const compared = comparedOf(context, known.key)
  const memo = `${item.kind}/${item.to.name}`
  const mark = (origin: string | undefined, target: string | undefined) => `${provider}/${origin}/${target}`
  if (
    at !== undefined &&
    item.known?.uid !== undefined &&
    compared.get(memo) === mark(item.known.resourceVersion, at.resourceVersion)
  )
    return at
  const { resource, content } = ALLOWED[item.kind] as { resource: string; content: string[] }
  const collection = { group: '', version: 'v1', resource }
  const there = context.clusters.destinations.at(cluster)
  const origin = there && (await readIfThere(there.client, { ...collection, ...item.from }))
  if (origin === undefined)
    throw new Refusal(
      'RelatedMissing',
      `${provider} has no ${item.kind} ${item.from.namespace}/${item.from.name}, which its status refers to`,
    )
  if (item.kind === 'Secret' && REFUSED_TYPES.has(String(origin.type))) {
    throw new Refusal(
      'RelatedRefused',
      `${item.kind} ${item.from.name} at ${provider} has the type ${origin.type}, which does not travel`,
    )
  }
  const body = {
    ...skeleton(known, item),
    ...Object.fromEntries(content.flatMap((field) => (field in origin ? [[field, origin[field]]] : []))),
  }
  const client = context.clusters.consumers.client(known.ref)
  const written = await write(client, { ...collection, ...item.to }, body, known, at !== undefined)
  compared.set(memo, mark(origin.metadata.resourceVersion, written.metadata.resourceVersion))
  return { kind: item.kind, ...item.to, uid: written.metadata.uid, resourceVersion: written.metadata.resourceVersion }
}

function comparedOf({ compared }: SyncerContext, key: string): Map<string, string> {
  const known = compared.get(key) ?? new Map<string, string>()
  compared.set(key, known)
  return known
}

async function readIfThere(
  client: KubeClient,
  ref: ObjectRef,
  options: { metadataOnly?: boolean } = {},
): Promise<KubeObject | undefined> {
  return await client.get<KubeObject>(ref, options).catch((error: unknown) => {
    if (isNotFound(error)) return undefined
    throw error
  })
}

/** Metadata of the object at the consumer: it belongs to the consumer's object and goes with it. */
function skeleton({ key, source }: Known & { source: KubeObject }, { kind, to }: Wanted) {
  const { apiVersion, kind: ownerKind, metadata } = source
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      ...to,
      labels: { [labels.relatedTo]: key },
      ownerReferences: [{ apiVersion, kind: ownerKind, name: metadata.name, uid: metadata.uid }],
    },
  }
}

/** Creates the object, or replaces it whole if it is the broker's own and differs; touches nobody else's. */
async function write(
  client: KubeClient,
  ref: ObjectRef,
  body: Body,
  known: Known,
  exists: boolean,
): Promise<KubeObject> {
  try {
    if (!exists) return await client.create<KubeObject>(ref, body)
  } catch (error) {
    if (isInvalid(error) || isForbidden(error))
      throw new Refusal(
        'RelatedRefused',
        `${ref.resource}/${ref.name} is refused where the consumer is: ${error.message}`,
      )
    if (!isAlreadyExists(error)) throw error
  }
  const existing = await readIfThere(client, ref)
  if (existing === undefined || !isOwn(existing, known)) {
    throw new Refusal(
      'RelatedConflict',
      `the consumer already has ${ref.resource}/${ref.name}, which the broker did not create; it is left as it is`,
    )
  }
  const { uid, resourceVersion } = existing.metadata
  if (isSame(existing, body)) return existing
  try {
    return await client.replace<KubeObject>(ref, { ...body, metadata: { ...body.metadata, uid, resourceVersion } })
  } catch (error) {
    if (isInvalid(error))
      throw new Refusal(
        'RelatedRefused',
        `${ref.resource}/${ref.name} is refused where the consumer is: ${error.message}`,
      )
    throw error
  }
}

type Body = { metadata: { labels: object; ownerReferences: object }; [field: string]: unknown }

function isSame(existing: KubeObject, body: Body): boolean {
  const { metadata, ...content } = existing
  const { metadata: wanted, ...wantedContent } = body
  const { labels: its, ownerReferences } = metadata as Partial<Body['metadata']>
  return (
    isDeepStrictEqual(content, wantedContent) &&
    isDeepStrictEqual([its, ownerReferences], [wanted.labels, wanted.ownerReferences])
  )
}

/** The broker made it for this very object: label and owner say so, and only the broker writes both. */
function isOwn(existing: KubeObject, known: Known): boolean {
  const owners = (existing.metadata as { ownerReferences?: { uid: string }[] }).ownerReferences ?? []
  return (
    existing.metadata.labels?.[labels.relatedTo] === known.key &&
    owners.some(({ uid }) => uid === known.assignment.spec.uid)
  )
}

async function removeOthers(context: SyncerContext, known: Known, present: RelatedMeta[]): Promise<void> {
  const stays = new Set(present.map(({ kind, name }) => `${kind}/${name}`))
  for (const meta of known.sourceRelated) {
    if (stays.has(`${meta.kind}/${meta.name}`)) continue
    comparedOf(context, known.key).delete(`${meta.kind}/${meta.name}`)
    await removeRelated(context, known, meta)
  }
}

/**
 * Deletes all related objects that the broker made for this object: those that a watch told of and, as a stream that was made anew
 * may not have the word of it yet, those that the consumer's status names.
 */
export async function removeAllRelated(context: SyncerContext, known: Known): Promise<void> {
  const namespace = known.ref.namespace ?? 'default'
  const named = relatedResources(known.source?.status)
    .related.filter(({ gvk }) => gvk.group === '' && Object.hasOwn(ALLOWED, gvk.kind))
    .map(({ gvk, name }): RelatedMeta => ({ kind: gvk.kind, namespace, name }))
  const unheard = named.filter(
    ({ kind, name }) => !known.sourceRelated.some((meta) => meta.kind === kind && meta.name === name),
  )
  for (const meta of [...known.sourceRelated, ...unheard]) await removeRelated(context, known, meta)
}

/** Deletes one related object at the consumer if the broker made it: the label alone is the consumer's to write. */
async function removeRelated(context: SyncerContext, known: Known, meta: RelatedMeta): Promise<void> {
  const collection = ALLOWED[meta.kind]
  if (collection === undefined) return
  const ref = { group: '', version: 'v1', resource: collection.resource, namespace: meta.namespace, name: meta.name }
  const client = context.clusters.consumers.client(known.ref)
  const existing = await readIfThere(client, ref, { metadataOnly: true })
  if (existing === undefined || !isOwn(existing, known)) return
  await client.delete(ref, { uid: existing.metadata.uid }).catch((error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error
  })
}
