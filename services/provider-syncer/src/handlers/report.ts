import { isDeepStrictEqual } from 'node:util'
import {
  Assignment,
  annotations,
  type CopyStatus,
  consumerStatus,
  isPartOf,
  mergePatchOf,
  originName,
  readiness,
  sameStatus,
} from '@resource-broker/api'
import type { CopyMessage, KeyView, KubeObject, SourceRef } from '@resource-broker/bus'
import { isConflict, isNotFound, type KubeClient } from '@resource-broker/kube'
import { brokerConditions, type Problem } from '../conditions.ts'
import type { SyncerContext } from '../context.ts'
import { type Known, wantedCopies } from '../known.ts'

type Status = Record<string, unknown>

/** How long a provider may take for its first word before the consumer is told of the placement alone. */
const FIRST_STATUS_MS = 2_000

/**
 * Writes the consumer's status if it differs: the serving copy's status with the broker's conditions beside it. Status writes
 * know no uid precondition; one that meets another object of the same name is mended when that object is looked at.
 * @returns milliseconds to wait when there is nothing to say yet.
 */
export async function reportToConsumer(
  context: SyncerContext,
  known: Known & { source: KubeObject },
  serving: CopyMessage | undefined,
  problems: Problem[],
  view: KeyView,
): Promise<number | undefined> {
  const { ref, source } = known
  const now = context.now()
  if (problems.length === 0) {
    if (!serving?.object) return undefined // the copy is on its way, and then there is more to say
    const wait = silence(serving.object, now)
    if (wait > 0) return wait
  }
  const status = consumerStatus({
    copyStatus: serving?.object?.status as Status | undefined,
    conditions: brokerConditions(known, source.metadata.generation ?? 0, problems),
    previous: source.status as Status | undefined,
    rename: (name) => originName(ref.cluster, name),
    namespace: ref.namespace,
    ...(serving?.object ? { generations: generationsOf(serving.object) } : {}),
    now,
  })
  const told = context.told.get(known.key)
  if (
    sameStatus(status, source.status) ||
    (told !== undefined && sameStatus(told.status, source.status) && sameStatus(told.wanted, status))
  )
    return undefined
  try {
    const written = await writeStatus(context.clusters.consumers.client(ref), ref, source.status, status)
    view.learn('source', undefined, { ref, object: written }, now.getTime()) // whole: its spec may be newer than ours
    context.told.set(known.key, { wanted: status, status: written.status })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error // gone or another object by now: its event is on the way
  }
  return undefined
}

/**
 * Patches the status to be `wanted`. A snapshot may be older than what the broker itself wrote, as after a restart: what the answer
 * has beyond what was wanted is then taken away from there.
 */
async function writeStatus(
  client: KubeClient,
  { gvr, namespace, name }: SourceRef,
  before: unknown,
  wanted: Status,
): Promise<KubeObject> {
  const target = { ...gvr, name, ...(namespace === undefined ? {} : { namespace }) }
  const patch = (base: unknown) =>
    client.mergePatch<KubeObject>(target, { status: mergePatchOf(base, wanted) }, { subresource: 'status' })
  const written = await patch(before)
  return isPartOf(written.status ?? {}, wanted) ? written : await patch(written.status)
}

/** The copy's own generation, and the one of the consumer's object that it was made from. */
function generationsOf({ metadata }: KubeObject) {
  return {
    copy: metadata.generation ?? 0,
    consumer: Number(metadata.annotations?.[annotations.consumerGeneration] ?? 0),
  }
}

function silence(copy: KubeObject, now: Date): number {
  if (copy.status !== undefined) return 0
  return Date.parse(String(copy.metadata.creationTimestamp)) + FIRST_STATUS_MS - now.getTime()
}

/**
 * Keeps the Assignment's status.copies and status.servedFrom while there is more than the one copy, so that whoever moves the
 * object reads there how far each copy is; in quiet times nothing is written.
 */
export async function reportToAssignment(
  context: SyncerContext,
  known: Known,
  servedFrom: string,
  problems: Map<string, string>,
  view: KeyView,
): Promise<void> {
  const { assignment } = known
  const copies = copyStatuses(known, problems)
  const quiet = copies.length <= 1 && problems.size === 0
  const before = assignment.status ?? { phase: 'Bound' as const }
  if (quiet && before.copies === undefined && before.servedFrom === undefined) return
  const after = quiet ? {} : { copies, servedFrom }
  if (
    isDeepStrictEqual(
      { copies: before.copies, servedFrom: before.servedFrom },
      { copies: after.copies, servedFrom: after.servedFrom },
    )
  )
    return
  const { name, uid } = assignment.metadata
  const patch = { metadata: { uid }, status: { copies: after.copies ?? null, servedFrom: after.servedFrom ?? null } }
  const object = await context.clusters.coordination.mergePatch<KubeObject>({ ...Assignment.resource, name }, patch)
  view.learn('assignment', undefined, { name, object }, context.now().getTime())
}

function copyStatuses(known: Known, problems: Map<string, string>): CopyStatus[] {
  const wanted = wantedCopies(known.assignment).map(({ provider }) => provider)
  const leaving = [...known.copies].filter(([provider, copy]) => copy.object !== null && !wanted.includes(provider))
  const entries = [
    ...wanted.map((provider) =>
      copyStatus(provider, known.copies.get(provider)?.object ?? undefined, problems.get(provider)),
    ),
    ...leaving.map(([provider]) => leavingStatus(provider)),
  ]
  return entries.sort((a, b) => (a.providerCluster < b.providerCluster ? -1 : 1))
}

/** What a copy that goes says of itself must not be taken for the word of one that comes. */
function leavingStatus(providerCluster: string): CopyStatus {
  return { providerCluster, applied: true, ready: false, state: 'Deleting', message: 'the copy is being removed' }
}

function copyStatus(providerCluster: string, copy: KubeObject | undefined, problem: string | undefined): CopyStatus {
  if (copy === undefined)
    return { providerCluster, applied: false, ready: false, ...(problem === undefined ? {} : { message: problem }) }
  const { ready, state, message } = readiness(copy)
  const text = problem ?? message
  const isLeaving = copy.metadata.deletionTimestamp !== undefined
  const { consumer: observedGeneration } = generationsOf(copy)
  return {
    providerCluster,
    applied: true,
    observedGeneration,
    ready: ready && !isLeaving,
    state,
    ...(text === '' || text === undefined ? {} : { message: text }),
  }
}
