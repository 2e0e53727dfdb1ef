import { Assignment, annotations, copiesExportName, exportAt, type StagingWorkspace } from '@resource-broker/api'
import { isConflict, isNotFound } from '@resource-broker/kube'
import { removeCopiesExport, unbindCopies } from '../bindings.ts'
import type { ProvisionerContext } from '../context.ts'

/** Removes a workspace that nobody has wanted for a while. */
export async function retire(context: ProvisionerContext, name: string): Promise<void> {
  const { records, trees } = context
  if (records.get(name) !== undefined) await retireStaging(context, name)
  else if (trees.verification.get(name) !== undefined) await retireTrial(context, name)
  else context.retiring.delete(name)
}

/**
 * The way to the copies goes first: from then on none can be written there, and an Assignment that came meanwhile is seen by the look
 * at the platform that follows; whoever hears of it gives the way back.
 */
async function retireStaging(context: ProvisionerContext, name: string): Promise<void> {
  const { records, trees, clusters, retiring, logger } = context
  const record = records.get(name)
  if (record === undefined || (await isWanted(context, record))) return void retiring.delete(name)
  retiring.add(name)
  if (record.status !== undefined && record.status.phase !== 'Terminating')
    await records.report(name, { ...record.status, phase: 'Terminating' })
  const place = clusters.kcp.staging.named(name)
  const inside = place?.isReady ? clusters.kcp.staging.inside(place.cluster) : undefined
  // That something went calls again, and so does each step from here.
  if (place !== undefined && inside !== undefined) return await remove(context, name, () => unbindCopies(inside, place))
  const workspace = trees.staging.get(name)
  if (workspace !== undefined) return await remove(context, name, () => trees.staging.delete(workspace))
  await remove(context, name, () => records.delete(name))
  retiring.delete(name)
  logger.info({ workspace: name, consumer: record.spec.consumerCluster }, 'staging workspace removed')
}

/** While copies are at the export the trial says what it serves; whoever wants it again makes it again. */
async function retireTrial(context: ProvisionerContext, name: string): Promise<void> {
  const { trees, clusters, logger } = context
  const { staging } = clusters.kcp
  const trial = staging.named(name)
  const workspace = trees.verification.get(name)
  if (trial === undefined || workspace === undefined) return
  const exportName = copiesExportName(trial)
  for (const place of staging.all) {
    if (place.consumerCluster !== undefined && copiesExportName(place) === exportName) return
  }
  await remove(context, name, () => removeCopiesExport(context, exportName))
  await remove(context, name, () => trees.verification.delete(workspace))
  logger.info({ workspace: name, provider: trial.providerCluster }, 'verification workspace removed')
}

/** Each replica retires what it does not know to be wanted, so that another one may have been faster. */
async function remove({ logger }: ProvisionerContext, workspace: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err
    logger.info({ workspace, err }, 'what was to be removed is not there any more')
  }
}

/** Not heard of is not gone: the platform is asked. */
async function isWanted(
  { clusters }: ProvisionerContext,
  { metadata, spec: place }: StagingWorkspace,
): Promise<boolean> {
  const provider = metadata.annotations?.[annotations.providerCluster] ?? ''
  const { items } = await clusters.coordination.list<Pick<Assignment, 'spec' | 'status'>>({ ...Assignment.resource })
  return items.some((assignment) => {
    const { spec } = assignment
    const providers = [spec.providerCluster, ...(spec.copies ?? []).map(({ providerCluster }) => providerCluster)]
    if (spec.consumerCluster !== place.consumerCluster || !providers.includes(provider)) return false
    return (exportAt(assignment, provider) ?? place.apiExportName) === place.apiExportName
  })
}
