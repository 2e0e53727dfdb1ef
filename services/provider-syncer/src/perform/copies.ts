import { annotations, exportAt, fieldManager } from '@resource-broker/api'
import type { CopyMessage, KubeObject, SourceRef } from '@resource-broker/bus'
import {
  isAlreadyExists,
  isAppliedBy,
  isConflict,
  isNotFound,
  type KubeClient,
  type ObjectRef,
  readIfThere,
} from '@resource-broker/kube'
import type { Settled } from '../context.ts'
import { isOfEarlier, isOwn, type Known } from '../facts/known.ts'
import type { Action } from '../plan/action.ts'
import { contentOf, type DesiredCopy, isUpToDate, withoutEmptied } from '../plan/desired-copy.ts'
import { deleteIfThere } from './delete-if-there.ts'
import type { Performance } from './perform.ts'
import { Refusal } from './refusal.ts'

type Of<Do extends Action['do']> = Extract<Action, { do: Do }>

/** Makes the copy, or changes it. One that is there already is taken over if it is the broker's own; anyone else's stays untouched. */
export async function applyCopy(
  performance: Performance,
  { provider, desired, over }: Of<'apply copy'>,
): Promise<void> {
  const { context, known, view } = performance
  const ref = known.ref as SourceRef
  const { destinations } = context.clusters
  const seen = over && known.copies.get(provider)
  const there =
    seen === undefined ? destinations.of(ref, provider, exportFor(known, provider)) : destinations.at(seen.cluster)
  if (there === undefined || 'waitsFor' in there) return // it was there a moment ago: what waits for it is woken
  const { client, cluster } = there
  const target = { ...ref.gvr, name: desired.metadata.name, ...namespaceOf(ref) }
  const about = { provider, cluster, gvr: ref.gvr, ours: true }
  try {
    const object = await (over === undefined
      ? create(performance, client, target, desired)
      : update(client, target, desired, over))
    if (!isOfEarlier(object, known)) settle(performance, provider, desired, object)
    view.learn('copy', provider, { ...about, object }, context.now().getTime())
  } catch (error) {
    if (isConflict(error) && over !== undefined)
      learnCopy(performance, { ...about, object: over }, await readIfThere<KubeObject>(client, target))
    throw error
  }
}

/** What an apply came to is remembered where it is not just what was applied: else that would be written again at each look. */
function settle({ context, known }: Performance, provider: string, desired: DesiredCopy, object: KubeObject): void {
  const settled = context.settled.get(known.key) ?? new Map<string, Settled>()
  if (isUpToDate(object, desired)) settled.delete(provider)
  else settled.set(provider, { desired, content: contentOf(object) })
  if (settled.size > 0) context.settled.set(known.key, settled)
  else context.settled.delete(known.key)
}

async function update(
  client: KubeClient,
  target: ObjectRef,
  desired: DesiredCopy,
  { metadata: { uid }, ...over }: KubeObject,
): Promise<KubeObject> {
  const body = { ...desired, metadata: { ...desired.metadata, uid } } // another object of the name is not ours to change
  const first = withoutEmptied(body, over)
  if (first !== undefined) await client.apply(target, first, { force: true })
  return await client.apply<KubeObject>(target, body, { force: true })
}

async function create(
  performance: Performance,
  client: KubeClient,
  target: ObjectRef,
  desired: DesiredCopy,
): Promise<KubeObject> {
  const apply = () => client.apply<KubeObject>(target, desired, { force: true, createOnly: true })
  try {
    return await apply()
  } catch (error) {
    if (isAlreadyExists(error)) return await adopt(performance, client, target, desired)
    if (!isNotFound(error) || target.namespace === undefined) throw error
    await createNamespace(client, target.namespace)
    return await apply()
  }
}

/**
 * A create that was answered but not heard of, a copy of an Assignment that is no more, or one that its provider restored from a
 * backup; one of an earlier object of the name is only known then. The Assignment's uid in it changes, or its field manager: whoever wants it removed as what it was has another version then.
 */
async function adopt(
  { known, context }: Performance,
  client: KubeClient,
  target: ObjectRef,
  desired: DesiredCopy,
): Promise<KubeObject> {
  const existing = await client.get<KubeObject>(target)
  const ours = isAppliedBy(existing, fieldManager)
  if (!isOwn({ ours, object: existing }, known.brokerID, known.assignment ?? undefined))
    throw new Refusal('CopyConflict', conflictOf(existing, desired))
  if (isOfEarlier(existing, known)) return existing
  context.logger.info({ key: known.key, copy: target.name }, 'copy taken over')
  return await update(client, target, desired, existing)
}

function conflictOf({ metadata }: KubeObject, { metadata: { annotations: wanted } }: DesiredCopy): string {
  const provider = wanted[annotations.providerCluster]
  const other = metadata.annotations?.[annotations.brokerID]
  if (other !== undefined && other !== wanted[annotations.brokerID])
    return `${provider} has an object of the copy's name that another broker (${other}) made; it is left as it is`
  return `${provider} has an object of the copy's name that the broker did not create; it is left as it is`
}

async function createNamespace(client: KubeClient, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.create({ group: '', version: 'v1', resource: 'namespaces' }, body).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/**
 * Asks for the deletion of exactly this copy; that it is gone is for the watch to tell. Where the server has another copy, or another
 * version of it, that one is known then: no message may come of it any more.
 */
export async function deleteCopy(
  performance: Performance,
  { copy, version, provider }: Of<'delete copy'>,
): Promise<void> {
  const { context, known } = performance
  const { name, uid } = copy.object.metadata
  const target = targetOf(copy)
  const there = context.clusters.destinations.at(copy.cluster)
  if (there === undefined) return
  const preconditions = { uid, ...(version === undefined ? {} : { resourceVersion: version }) }
  if (known.assignment === null) context.logger.warn({ key: known.key, provider, name }, 'orphan copy removed')
  try {
    const { isGone } = await deleteIfThere(there.client, target, preconditions)
    // Its tombstone may have been overtaken by an older snapshot, and never come again.
    if (isGone) learnCopy(performance, copy, undefined)
  } catch (error) {
    if (isConflict(error)) learnCopy(performance, copy, await readIfThere<KubeObject>(there.client, target))
    throw error
  }
}

/** Has exactly this copy say until when it is kept, and changes nothing else of it. Where it is gone, or another, that is known then. */
export async function tellKept(performance: Performance, { copy, until }: Of<'tell kept'>): Promise<void> {
  const there = performance.context.clusters.destinations.at(copy.cluster)
  if (there === undefined) return
  const target = targetOf(copy)
  const patch = { metadata: { uid: copy.object.metadata.uid, annotations: { [annotations.keptUntil]: until } } }
  const object = await there.client.mergePatch<KubeObject>(target, patch).catch(async (error: unknown) => {
    if (!isNotFound(error) && !isConflict(error)) throw error
    return await readIfThere<KubeObject>(there.client, target)
  })
  learnCopy(performance, copy, object)
}

type Seen = CopyMessage & { object: KubeObject }

function targetOf({ gvr, object }: Seen): ObjectRef {
  const { name, namespace } = object.metadata
  return { ...gvr, name, ...(namespace === undefined ? {} : { namespace }) }
}

/** What a server answered about where a copy was; undefined: nothing is there. */
function learnCopy({ context, view }: Performance, copy: Seen, object: KubeObject | undefined): void {
  const ours = object !== undefined && isAppliedBy(object, fieldManager)
  const message = object === undefined ? { ours, object: null, goneUID: copy.object.metadata.uid } : { ours, object }
  view.learn('copy', copy.provider, { ...copy, ...message }, context.now().getTime())
}

const LEFT_ALONE = 'an object of the copy’s name, which the broker did not make, is left alone'

/** Asks a provider for the copy. */
export async function readCopy({ context, known, view }: Performance, { provider }: Of<'read copy'>): Promise<void> {
  const ref = known.ref as SourceRef
  const there = context.clusters.destinations.find(ref, provider, exportFor(known, provider))
  const target = there && { ...ref.gvr, name: there.nameOf(ref), ...namespaceOf(ref) }
  const object = (target && (await readIfThere<KubeObject>(there.client, target))) ?? null
  const ours = object !== null && isAppliedBy(object, fieldManager)
  const message: CopyMessage = { provider, cluster: there?.cluster ?? '', gvr: ref.gvr, ours, object }
  view.learn('copy', provider, message, context.now().getTime())
  if (isOwn(message, known.brokerID, known.assignment ?? undefined)) return
  known.notes.without.add(provider)
  if (object !== null) context.logger.warn({ key: known.key, provider, name: object.metadata.name }, LEFT_ALONE)
}

const exportFor = ({ assignment }: Known, provider: string) => (assignment ? exportAt(assignment, provider) : undefined)

const namespaceOf = ({ namespace }: SourceRef) => (namespace === undefined ? {} : { namespace })
