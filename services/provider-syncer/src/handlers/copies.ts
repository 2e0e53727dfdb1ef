import { fieldManager, readiness } from '@resource-broker/api'
import type { CopyMessage, KeyView, KubeObject, SourceRef } from '@resource-broker/bus'
import {
  isAlreadyExists,
  isAppliedBy,
  isNotFound,
  type KubeClient,
  KubeError,
  type ObjectRef,
} from '@resource-broker/kube'
import type { SyncerContext } from '../context.ts'
import { type DesiredCopy, desiredCopy, isUpToDate, withoutEmptied } from '../desired-copy.ts'
import { type Known, wantedCopies } from '../known.ts'

/** Why a copy is not what it should be, in the words of the consumer's condition. */
export type CopyProblem = { reason: 'CopyConflict' | 'CopyRefused' | 'WaitingForWorkspace'; message: string }

/**
 * Applies the consumer's spec at the provider that the scheduler named for this very generation, if the Assignment asks for a
 * copy there. All other copies keep what they have. Returns what stands in the way, if anything; what is `awaited` comes by itself.
 */
export async function applyCopy(
  context: SyncerContext,
  known: Known & { source: KubeObject },
  view: KeyView,
): Promise<(CopyProblem & { awaited?: boolean }) | undefined> {
  const { decision, source, ref } = known
  const provider = decision?.provider ?? undefined
  if (
    provider === undefined ||
    decision?.uid !== source.metadata.uid ||
    decision.generation !== source.metadata.generation
  )
    return undefined
  const wanted = wantedCopies(known.assignment).find((copy) => copy.provider === provider && copy.role !== 'Outgoing')
  if (wanted === undefined) return undefined
  const copy = known.copies.get(provider)
  const there = context.clusters.destinations.of(ref, provider)
  if ('waitsFor' in there) {
    context.waiting.add(known.key, { consumer: ref.cluster, provider })
    return { reason: 'WaitingForWorkspace', message: there.waitsFor, awaited: true }
  }
  const { client, cluster } = there
  const desired = desiredCopy(ref, source, provider, there.nameOf(ref))
  if (copy?.object && isUpToDate(copy.object, desired)) return undefined
  try {
    const object = copy?.object
      ? await update(client, known, desired, copy.object)
      : await create(client, known, desired)
    const message: CopyMessage = { provider, cluster, gvr: ref.gvr, ours: true, object }
    view.learn('copy', provider, message, context.now().getTime())
    known.copies.set(provider, message)
    return undefined
  } catch (error) {
    return problemOf(error, provider)
  }
}

/** A refusal by the provider's API server is told to the consumer; anything else is thrown and tried again. */
function problemOf(error: unknown, provider: string): CopyProblem {
  if (isAlreadyExists(error)) {
    const message = `${provider} has an object of the copy's name that the broker did not create; it is left as it is`
    return { reason: 'CopyConflict', message }
  }
  if (isRefusal(error)) return { reason: 'CopyRefused', message: `${provider} refuses the copy: ${error.message}` }
  throw error
}

/** Malformed, forbidden, too large, invalid. */
const REFUSALS = new Set([400, 403, 413, 422])
/** What kube-apiserver 1.34 says, with status 500, to an apply with a value of another type than the schema's. */
const ILL_TYPED = 'failed to create typed patch object'

/** The same again would be refused again. */
function isRefusal(error: unknown): error is KubeError {
  return error instanceof KubeError && (REFUSALS.has(error.status) || error.message.startsWith(ILL_TYPED))
}

async function update(client: KubeClient, { ref }: Known, desired: DesiredCopy, copy: KubeObject): Promise<KubeObject> {
  const target = targetOf(ref, desired)
  const first = withoutEmptied(desired, copy)
  if (first !== undefined) await client.apply(target, first, { force: true })
  return await client.apply<KubeObject>(target, desired, { force: true })
}

async function create(client: KubeClient, { ref }: Known, desired: DesiredCopy): Promise<KubeObject> {
  const target = targetOf(ref, desired)
  const apply = () => client.apply<KubeObject>(target, desired, { force: true, createOnly: true })
  try {
    return await apply()
  } catch (error) {
    if (isAlreadyExists(error)) return await adoptOwn(client, target, desired, error)
    if (!isNotFound(error) || ref.namespace === undefined) throw error
    await createNamespace(client, ref.namespace)
    return await apply()
  }
}

function targetOf({ gvr, namespace }: SourceRef, { metadata }: DesiredCopy): ObjectRef {
  return { ...gvr, name: metadata.name, ...(namespace === undefined ? {} : { namespace }) }
}

/** A create that was answered but not heard of: the copy is there and is the broker's own. Anyone else's stays untouched. */
async function adoptOwn(
  client: KubeClient,
  target: ObjectRef,
  desired: DesiredCopy,
  refusal: unknown,
): Promise<KubeObject> {
  const existing = await client.get<KubeObject>(target)
  if (!isAppliedBy(existing, fieldManager)) throw refusal
  return await client.apply<KubeObject>(target, desired, { force: true })
}

async function createNamespace(client: KubeClient, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.create({ group: '', version: 'v1', resource: 'namespaces' }, body).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** Deletes copies that the Assignment does not ask for. One that serves stays until the Active one is ready. Returns the providers whose copy is still there. */
export async function removeUnwantedCopies(
  context: SyncerContext,
  known: Known,
): Promise<{ leaving: string[]; postponed: string[] }> {
  const wanted = new Set(wantedCopies(known.assignment).map(({ provider }) => provider))
  const active = known.copies.get(known.assignment.spec.providerCluster)?.object
  const activeReady = active !== undefined && active !== null && readiness(active).ready
  const leaving: string[] = []
  const postponed: string[] = []
  for (const [provider, copy] of known.copies) {
    if (wanted.has(provider) || copy.object === null) continue
    leaving.push(provider)
    if (copy.object.metadata.deletionTimestamp !== undefined) continue
    if (!activeReady && readiness(copy.object).ready) postponed.push(provider)
    else await deleteCopy(context, copy)
  }
  return { leaving, postponed }
}

/** Asks for the deletion of exactly this copy; that it is gone is for the watch to tell. */
export async function deleteCopy(context: SyncerContext, copy: CopyMessage): Promise<void> {
  if (copy.object === null) return
  const { name, namespace, uid } = copy.object.metadata
  const target = { ...copy.gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  const there = context.clusters.destinations.at(copy.cluster)
  await there?.client.delete(target, { uid }).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}
