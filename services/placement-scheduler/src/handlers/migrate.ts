import {
  annotations,
  type DecisionRecord,
  hasEnded,
  Migration,
  type MoveFailover,
  migrationName,
  type Offer,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isNotFound } from '@resource-broker/kube'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'
import { exportOf } from './bind.ts'
import { whyMoves } from './cause.ts'

/**
 * Asks for the move of an object to another provider. Two deciders name the Migration alike and make one; where one of that name has
 * ended already, such as one that was cancelled before it began, this is the next attempt at the same move. `failover`: on account of which
 * policy it leaves a provider that is away.
 */
export async function startMigration(
  context: SchedulerContext,
  known: Known,
  offer: Pick<Offer, 'ref' | 'apiExportName'>,
  decision: DecisionRecord,
  view: KeyView,
  failover?: MoveFailover,
): Promise<void> {
  const { assignment, ref, key } = known
  if (assignment === undefined) throw new TypeError('an object without an Assignment cannot move')
  const { spec, metadata } = assignment
  const to = offer.ref
  const [from, target] = [
    { providerCluster: spec.providerCluster, acceptAPIName: spec.acceptAPIName },
    { providerCluster: to.providerCluster, acceptAPIName: to.name },
  ]
  const { uid = '', generation = 0 } = metadata
  const gvk = { group: ref.gvr.group, version: ref.gvr.version, kind: known.source.kind }
  const left = { providerCluster: from.providerCluster, name: from.acceptAPIName }
  const why = failover === undefined ? whyMoves(context, known, left, to) : { failover }
  const ends = { from: { gvk, ...from }, to: { gvk, ...target, ...exportOf(offer) } }
  for (let attempt = 0; ; attempt++) {
    const name = migrationName({ assignment: { name: metadata.name, uid }, from, to: target, generation, attempt })
    const body = {
      ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
      metadata: { name, annotations: { ...notesOf(known), ...context.tracing?.note() } },
      spec: { assignment: metadata.name, assignmentUID: uid, ...ends, decision, ...why },
    }
    const { object, made } = await createOrRead(context, name, body)
    view.learn('migration', name, { name, object }, context.now().getTime())
    if (!made && hasEnded(Migration.of(object))) continue
    if (made) context.logger.info({ key, migration: name, from: from.providerCluster, to: to.providerCluster }, ASKED)
    return
  }
}

const ASKED = 'migration asked for'

/** The Migration of that name: made now, or made before by whoever decided the same. One that goes in between is an error, and a retry. */
async function createOrRead(
  { clusters: { coordination } }: SchedulerContext,
  name: string,
  body: object,
): Promise<{ object: KubeObject; made: boolean }> {
  try {
    return { object: await coordination.create<KubeObject>({ ...Migration.resource }, body), made: true }
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    return { object: await coordination.get<KubeObject>({ ...Migration.resource, name }), made: false }
  }
}

function notesOf({ ref, source }: Known): Record<string, string> {
  return {
    [annotations.consumerCluster]: ref.cluster,
    ...(ref.namespace === undefined ? {} : { [annotations.consumerNamespace]: ref.namespace }),
    [annotations.consumerName]: ref.name,
    [annotations.consumerGeneration]: String(source.metadata.generation),
  }
}

/**
 * Takes a move back that has not switched over yet; the coordinator rolls it back. Without the generation that it was asked for
 * its record speaks against no later move there, as that of a move that a person cancelled does.
 */
export async function cancelMigration(
  context: SchedulerContext,
  known: Known,
  migration: Migration,
  view: KeyView,
): Promise<void> {
  if (migration.spec.cancel === true) return
  const { name, uid } = migration.metadata
  try {
    const object = await context.clusters.coordination.mergePatch<KubeObject>(
      { ...Migration.resource, name },
      {
        metadata: { uid, annotations: { [annotations.consumerGeneration]: null } },
        spec: { cancel: true },
      },
    )
    view.learn('migration', name, { name, object }, context.now().getTime())
    context.logger.info({ key: known.key, migration: name }, 'migration cancelled')
  } catch (err) {
    if (!isNotFound(err)) throw err
    context.logger.info(
      { key: known.key, migration: name, err },
      'the Migration that was to be cancelled is gone already',
    )
  }
}
