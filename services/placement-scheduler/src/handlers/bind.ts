import {
  Assignment,
  annotations,
  assignmentName,
  clusterLabel,
  type DecisionRecord,
  fieldManager,
  finalizer,
  labels,
  type Offer,
  withoutDecision,
} from '@resource-broker/api'
import { isOvertaken, type KeyView, type KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound, readIfThere } from '@resource-broker/kube'
import { together } from '@resource-broker/service'
import type { SchedulerContext } from '../context.ts'
import { formerOf, type Known } from '../known.ts'

/**
 * Binds an object to a provider: the Assignment at the platform and the finalizer at the consumer, side by side, before any copy
 * exists. One that had a provider before has its finalizer first: a syncer that is behind makes a copy for an Assignment as soon as that
 * is there, by what was decided then, and the object may be gone. Returns the consumer object's resourceVersion with the finalizer, or undefined if the object went meanwhile or another
 * decider was first; the record that stands then is known, and to be looked at.
 */
export async function bind(
  context: SchedulerContext,
  known: Known,
  offer: Offer,
  record: DecisionRecord,
  view: KeyView,
): Promise<string | undefined> {
  const make = () => createAssignment(context, known, offer, record, view)
  const hold = () => putFinalizer(context, known, offer.ref.providerCluster, view)
  const [assignment, sourceVersion] =
    formerOf(known) === undefined ? await together([make(), hold()]) : await afterIt(hold, make)
  if (assignment === undefined) return undefined
  const { name } = assignment.metadata
  if (sourceVersion === undefined) {
    const { uid, resourceVersion } = assignment.metadata
    await context.clusters.coordination.delete({ ...Assignment.resource, name }, { uid, resourceVersion })
    return undefined
  }
  const message = { name, object: withoutDecision(assignment) }
  view.learn('assignment', undefined, message, context.now().getTime())
  const object = { cluster: '', ...Assignment.resource, name }
  const version = assignment.metadata.resourceVersion
  await context.bus
    .publish({ part: 'assignment', key: known.key, message, object, version, ifNews: true })
    .catch((error: unknown) => {
      if (!isOvertaken(error)) throw error // the watch was faster, and may have told of what came after
    })
  return sourceVersion
}

/** The Assignment once the object has its finalizer; neither where it is gone. */
async function afterIt(
  hold: () => Promise<string | undefined>,
  make: () => Promise<KubeObject | undefined>,
): Promise<[KubeObject | undefined, string | undefined]> {
  const sourceVersion = await hold()
  return [sourceVersion === undefined ? undefined : await make(), sourceVersion]
}

async function createAssignment(
  context: SchedulerContext,
  known: Known,
  offer: Offer,
  record: DecisionRecord,
  view: KeyView,
): Promise<KubeObject | undefined> {
  const { ref, source, key } = known
  const name = assignmentName(key)
  const body = {
    apiVersion: Assignment.apiVersion,
    kind: Assignment.kind,
    metadata: {
      ...{ name, labels: { [labels.key]: key, ...clusterLabels(context, ref.cluster) } },
      ...(context.tracing === undefined ? {} : { annotations: context.tracing.note() }),
    },
    spec: {
      consumerCluster: ref.cluster,
      gvr: ref.gvr,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      name: ref.name,
      uid: source.metadata.uid,
      providerCluster: offer.ref.providerCluster,
      acceptAPIName: offer.ref.name,
    },
    status: { phase: 'Bound', ...exportOf(offer), decision: record },
  }
  try {
    return await context.clusters.coordination.create<KubeObject>({ ...Assignment.resource }, body, { fieldManager })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await learnAssignment(context, key, view)
    return undefined
  }
}

/** Asks the platform for the Assignment of which nothing is known here. Returns whether there is one; it is known then. */
export async function learnAssignment(
  { clusters, now }: SchedulerContext,
  key: string,
  view: KeyView,
): Promise<boolean> {
  const name = assignmentName(key)
  const object = await readIfThere<KubeObject>(clusters.coordination, { ...Assignment.resource, name })
  if (object === undefined) return false
  view.learn('assignment', undefined, { name, object: withoutDecision(object) }, now().getTime())
  return true
}

/** kcp: the copy is made through the APIExport that the AcceptAPI names now, and stays there. */
export function exportOf({ apiExportName }: Pick<Offer, 'apiExportName'>): { apiExportName?: string } {
  return apiExportName === undefined ? {} : { apiExportName }
}

/** By them the Assignments of a cluster are found that came back under another name, or of another that came under its name. */
function clusterLabels({ clusters }: SchedulerContext, cluster: string): Record<string, string> {
  const uid = clusters.consumers.uidOf(cluster)
  return uid === undefined ? {} : { [labels.consumerClusterUID]: uid, [labels.consumerCluster]: clusterLabel(cluster) }
}

/** The finalizer, and for people the provider. The uid makes the API server refuse instead of creating what is gone. */
async function putFinalizer(
  context: SchedulerContext,
  known: Known,
  providerCluster: string,
  view: KeyView,
): Promise<string | undefined> {
  const { ref, source } = known
  const { apiVersion, kind, metadata } = source
  const target = { ...ref.gvr, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
  const body = {
    apiVersion,
    kind,
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      uid: metadata.uid,
      finalizers: [finalizer],
      annotations: { [annotations.providerCluster]: providerCluster },
    },
  }
  try {
    const written = await context.clusters.consumers.client(ref).apply<KubeObject>(target, body, { force: true })
    const { deletionTimestamp, resourceVersion } = written.metadata
    if (deletionTimestamp === undefined) return resourceVersion
    // It has the finalizer still, of a placement that is being taken back.
    view.learn('source', undefined, { ref, object: written }, context.now().getTime())
    return undefined
  } catch (error) {
    const isRefusal = isNotFound(error) || isConflict(error) || isForbidden(error) || isInvalid(error)
    if (!isRefusal) throw error
    if (await isThere(context, known)) throw error
    const gone = { ref, object: null, goneUID: metadata.uid }
    view.learn('source', undefined, gone, context.now().getTime()) // its message may be long in coming
    return undefined
  }
}

/** Tells a refusal because the object is leaving from one that has another cause. */
async function isThere(context: SchedulerContext, { ref, source }: Known): Promise<boolean> {
  const target = { ...ref.gvr, name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) }
  const client = context.clusters.consumers.client(ref)
  const object = await readIfThere<KubeObject>(client, target, { metadataOnly: true })
  return object?.metadata.uid === source.metadata.uid && object.metadata.deletionTimestamp === undefined
}

/**
 * Puts the finalizer back if somebody took it off, and tells people the provider that the object has by now: a snapshot newer than
 * the one they were set at does not show them.
 */
export async function ensureFinalizer(
  context: SchedulerContext,
  known: Known,
  providerCluster: string,
  view: KeyView,
): Promise<string> {
  const { source, decision } = known
  const { resourceVersion, finalizers = [], annotations: notes = {} } = source.metadata
  if (finalizers.includes(finalizer) && notes[annotations.providerCluster] === providerCluster) return resourceVersion
  const setAt = decision?.uid === source.metadata.uid ? decision.sourceVersion : undefined
  if (setAt !== undefined && BigInt(setAt) >= BigInt(resourceVersion)) return setAt
  return (await putFinalizer(context, known, providerCluster, view)) ?? resourceVersion
}
