import { type Condition, conditionTypes, isPartOf, mergePatchOf, setCondition } from '@resource-broker/api'
import { answered, isOvertaken, type KubeObject, type SourceRef } from '@resource-broker/bus'
import { isConflict, isInvalid, isNotFound, type KubeClient, type ObjectRef, readIfThere } from '@resource-broker/kube'
import { recordEvent } from '@resource-broker/service'
import type { Action } from '../plan/action.ts'
import type { Performance } from './perform.ts'
import { Refusal } from './refusal.ts'

type Status = Record<string, unknown>

/** The consumer's object counts as gone only once its own API server says so, asked in a version of the API that it is read in now. */
export async function readSource(
  performance: Performance,
  { uid }: Extract<Action, { do: 'read source' }>,
): Promise<void> {
  const { context, known, view } = performance
  const { client, target, ref } = sourceOf(performance)
  const object = await readIfThere<KubeObject>(client, target)
  const { group, version, resource } = target
  const versions = context.clusters.kinds.all.filter((kind) => kind.group === group).map((kind) => kind.version)
  if (object === undefined && versions.length > 0 && !versions.includes(version))
    throw new Error(`${resource}.${version}.${group} is not what the broker watches, but ${versions.join(', ')}`)
  if (object?.metadata.uid !== uid) known.notes.goneSource = uid
  else view.learn('source', undefined, { ref, object }, context.now().getTime())
}

/** An apply without finalizers gives up those that the broker applied; others stay. */
export async function releaseSource(performance: Performance): Promise<void> {
  const { apiVersion, kind, metadata } = performance.known.source as KubeObject
  const { client, target, ref } = sourceOf(performance)
  const body = { apiVersion, kind, metadata: { name: ref.name, namespace: ref.namespace, uid: metadata.uid } }
  try {
    await client.apply(target, body, { force: true })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
    const existing = await readIfThere<KubeObject>(client, target, { metadataOnly: true })
    if (existing?.metadata.uid === metadata.uid) throw error
  }
}

/** What only the broker knows of the object expires, since no watch will tell that it went. */
export async function forgetDecision({ context, known: { key, decision }, view }: Performance): Promise<void> {
  if (decision === undefined || view.get('decision') !== decision) return // one of the next object of the name
  const message = { ...decision, provider: null }
  const after = view.sequence('decision')
  await context.bus.publish({ part: 'decision', key, message, tombstone: true, after }).catch((error: unknown) => {
    if (!isOvertaken(error)) throw error // the next object of the name has a decision of its own
  })
}

/**
 * Writes the consumer's status. Status writes know no uid precondition; one that meets another object of the same name is mended when
 * that object is looked at. What the consumer's schema refuses as a whole is left out, and the broker's own conditions say so.
 */
export async function report(performance: Performance, { status }: Extract<Action, { do: 'report' }>): Promise<void> {
  const { context, known } = performance
  const { source } = known as { source: KubeObject }
  const { client, target } = sourceOf(performance)
  try {
    const written = await writeStatus(client, target, source.status, status)
    tell(performance, written, status)
  } catch (error) {
    if (isNotFound(error)) return await tellWithoutStatus(performance, status)
    if (!isInvalid(error)) throw error
    const least = leastOf(source.status as Status | undefined, status, error, context.now())
    tell(performance, await writeStatus(client, target, source.status, least), status)
    throw new Refusal('StatusRefused', refusalOf(error), { cause: error })
  }
}

function tell({ context, known, view }: Performance, written: KubeObject, wanted: Status): void {
  const of = { ref: known.ref as SourceRef, tooLarge: known.tooLarge }
  view.learn('source', undefined, answered(of, written), context.now().getTime()) // whole: its spec may be newer than ours
  context.told.set(known.key, { wanted, status: written.status })
  known.notes.isReported = true
}

/**
 * Patches the status to be `wanted`. A snapshot may be older than what the broker itself wrote, as after a restart: what the answer
 * has beyond what was wanted is then taken away from there.
 */
async function writeStatus(
  client: KubeClient,
  target: ObjectRef,
  before: unknown,
  wanted: Status,
): Promise<KubeObject> {
  const patch = (base: unknown) =>
    client.mergePatch<KubeObject>(target, { status: mergePatchOf(base, wanted) }, { subresource: 'status' })
  const written = await patch(before)
  return isPartOf(written.status ?? {}, wanted) ? written : await patch(written.status)
}

const OURS: ReadonlySet<string> = new Set([conditionTypes.placed, conditionTypes.synced, conditionTypes.migrating])

/** What the consumer has, with the broker's own conditions of `status`, of which Synced says what was refused. */
function leastOf(before: Status | undefined, status: Status, error: Error, now: Date): Status {
  const theirs = conditionsOf(before).filter(({ type }) => !OURS.has(type))
  const ours = conditionsOf(status).filter(({ type }) => OURS.has(type))
  const refused = {
    type: conditionTypes.synced,
    status: 'False',
    reason: 'StatusRefused',
    message: refusalOf(error),
  } as const
  return { ...before, conditions: setCondition([...theirs, ...ours], refused, now) }
}

const conditionsOf = (status: Status | undefined) => (status?.['conditions'] ?? []) as Condition[]

const refusalOf = (error: Error): string =>
  `the consumer’s API server refuses the provider’s status, which is left out: ${error.message}`

/** The object went, or its kind has no status to write to, which an Event says: there is no condition to say it. */
async function tellWithoutStatus(performance: Performance, wanted: Status): Promise<void> {
  const { context, known } = performance
  const { client, target } = sourceOf(performance)
  const existing = await readIfThere<KubeObject>(client, target, { metadataOnly: true })
  if (existing?.metadata.uid !== known.source?.metadata.uid || existing === undefined) return
  const { group, version, resource } = target
  const message = `${resource}.${version}.${group} has no status subresource here: the broker cannot tell how the object fares`
  const note = { type: 'Warning', reason: 'NoStatusSubresource', message, now: context.now() } as const
  await recordEvent(client, known.source as KubeObject, note)
  context.told.set(known.key, { wanted, status: known.source?.status })
  known.notes.isReported = true
}

/** Records an Event on the consumer's object. */
export async function tellEvent(
  performance: Performance,
  { reason, message }: Extract<Action, { do: 'event' }>,
): Promise<void> {
  const { context, known } = performance
  if (!known.source) return
  const note = { type: 'Warning', reason, message, now: context.now() } as const
  await recordEvent(sourceOf(performance).client, known.source, note)
}

function sourceOf({ context, known }: Performance) {
  const ref = known.ref as SourceRef
  const { gvr, name, namespace } = ref
  const target: ObjectRef = { ...gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  return { client: context.clusters.consumers.client(ref), target, ref }
}
