import { annotations, type DecisionRecord, Migration, migrationName, type OfferRef } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isAlreadyExists, isNotFound } from '@resource-broker/kube'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'

/** Asks for the move of an object to another provider. Two deciders name the Migration alike and make one. */
export async function startMigration(
  context: SchedulerContext,
  known: Known,
  to: OfferRef,
  decision: DecisionRecord,
  view: KeyView,
): Promise<void> {
  const { assignment, source, ref } = known
  if (assignment === undefined) throw new TypeError('an object without an Assignment cannot move')
  const { providerCluster, acceptAPIName } = assignment.spec
  const [from, target] = [
    { providerCluster, acceptAPIName },
    { providerCluster: to.providerCluster, acceptAPIName: to.name },
  ]
  const { name: assignmentName, uid = '', generation = 0 } = assignment.metadata
  const name = migrationName({ assignment: { name: assignmentName, uid }, from, to: target, generation })
  const gvk = { group: ref.gvr.group, version: ref.gvr.version, kind: source.kind }
  const body = {
    apiVersion: Migration.apiVersion,
    kind: Migration.kind,
    metadata: {
      name,
      annotations: {
        [annotations.consumerCluster]: ref.cluster,
        ...(ref.namespace === undefined ? {} : { [annotations.consumerNamespace]: ref.namespace }),
        [annotations.consumerName]: ref.name,
        [annotations.consumerGeneration]: String(source.metadata.generation),
      },
    },
    spec: { assignment: assignmentName, from: { gvk, ...from }, to: { gvk, ...target }, decision },
  }
  try {
    const object = await context.clusters.coordination.create<KubeObject>({ ...Migration.resource }, body)
    view.learn('migration', name, { name, object }, context.now().getTime())
    context.logger.info(
      { key: known.key, migration: name, from: providerCluster, to: to.providerCluster },
      'migration asked for',
    )
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
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
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
