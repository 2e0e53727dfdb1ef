import {
  AcceptAPI,
  Assignment,
  annotations,
  exportAt,
  type ProviderExport,
  providersOf,
  type StagingWorkspace,
  verificationWorkspaceName,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isConflict, isNotFound } from '@resource-broker/kube'
import { isEnding, pairOf, type StagingCluster, serves } from '@resource-broker/service'
import { copiesBinding, copiesExport, exportNoted, removeCopiesExport, unbindCopies } from '../bindings.ts'
import type { ProvisionerContext } from '../context.ts'
import { exportIn } from '../records.ts'
import { readyClusterOf, type Workspace } from '../workspace-tree.ts'
import { exportOfOffer } from './judge.ts'

/** Removes a workspace that nobody has wanted for a while. Returns whether it stays, as there are copies in it still. */
export async function retire(context: ProvisionerContext, name: string): Promise<boolean> {
  const { trees, records, clusters, retiring } = context
  const record = records.get(name)
  // One that never came to a binding to the export shows nowhere else.
  const noted = exportNoted(trees.verification.get(name)?.metadata.annotations)
  const of = clusters.kcp.staging.named(name) ?? retiring.get(name) ?? noted
  if (record !== undefined) {
    if (!isEnding(record) && (await hasCopies(context, name))) return true
    await unlessChanged(context, name, () => retireStaging(context, record))
  } else if (of !== undefined && verificationWorkspaceName(of) === name)
    await unlessChanged(context, name, () => retireTrial(context, name, of))
  else retiring.delete(name)
  return false
}

/**
 * A copy without an Assignment is the syncer's to remove, or to keep where its object lives: it would go with the workspace. What is at a
 * provider that is no more, or given up, goes.
 */
async function hasCopies({ clusters }: ProvisionerContext, name: string): Promise<boolean> {
  const place = clusters.kcp.staging.named(name)
  if (place?.isReady !== true || clusters.providers.isGone(place.providerCluster)) return false
  const kinds = clusters.kinds.all.filter((kind) => serves(place, kind))
  for (const { group, version, resource = '' } of kinds) {
    const { items } = await place.client.list<KubeObject>({ group, version, resource }, { metadataOnly: true })
    if (items.some(({ metadata }) => metadata.annotations?.[annotations.brokerID] === clusters.brokerID)) return true
  }
  return false
}

/**
 * The way to the copies goes first: from then on none can be written there, and an Assignment that came meanwhile is seen by the look
 * at the platform that follows. That nobody wants it is then recorded over the record that was known before all this, which whoever
 * binds the workspace again writes first, and from there nobody takes it back.
 */
async function retireStaging(context: ProvisionerContext, record: StagingWorkspace): Promise<void> {
  const { trees, retiring } = context
  const { name } = record.metadata
  if (isEnding(record)) return await removeStaging(context, record)
  const workspace = await trees.staging.read(name)
  const way = await wayToCopies(context, workspace)
  if (await isWanted(context, record)) return void retiring.delete(name)
  retiring.set(name, exportIn(record))
  // That it shows, or went, calls again.
  if (way === 'unknown') return
  if (way !== 'none') return await way.remove()
  await endStaging(context, record, workspace)
}

/** Goes on with the removal of a workspace whose record says that it goes: whoever wants one makes the next. @throws {KubeError} */
export async function removeStaging(context: ProvisionerContext, record: StagingWorkspace): Promise<void> {
  await endStaging(context, record, await context.trees.staging.read(record.metadata.name))
}

/** `workspace` was read before: as the record is the current one still, it is of this record's life or of one before. */
async function endStaging(
  { trees, records, retiring, logger, fence }: ProvisionerContext,
  record: StagingWorkspace,
  workspace: Workspace | undefined,
): Promise<void> {
  const { name } = record.metadata
  await records.end(record, fence)
  if (workspace?.metadata.deletionTimestamp !== undefined) return // that it went calls again
  if (workspace !== undefined) return await trees.staging.delete(workspace, fence)
  await records.delete(record, fence)
  retiring.delete(name)
  logger.info({ workspace: name, consumer: record.spec.consumerCluster }, 'staging workspace removed')
}

/** Before it is Ready nobody binds a workspace; whoever does so later takes up its record first. */
async function wayToCopies(
  { clusters, fence }: ProvisionerContext,
  workspace: Workspace | undefined,
): Promise<'none' | 'unknown' | { remove: () => Promise<void> }> {
  const cluster = readyClusterOf(workspace)
  if (cluster === undefined || workspace?.metadata.deletionTimestamp !== undefined) return 'none'
  const inside = clusters.kcp.staging.inside(cluster)?.under(fence)
  if (inside === undefined) return 'unknown'
  const binding = await copiesBinding(inside)
  return binding === undefined ? 'none' : { remove: () => unbindCopies(inside, binding) }
}

/**
 * While copies are at the export, or it is offered, the trial says what it serves. Its workspace goes first, for good: who wants it again
 * makes another one, and writes the broker's export anew in its name. So the export goes only as it was read before the workspace was.
 */
async function retireTrial(context: ProvisionerContext, name: string, of: ProviderExport): Promise<void> {
  const { trees, retiring, logger, fence } = context
  const exported = await copiesExport(context, of)
  const workspace = await trees.verification.read(name)
  if (workspace !== undefined && workspace.metadata.deletionTimestamp === undefined) {
    if (await isTrialWanted(context, of)) return void retiring.delete(name)
    retiring.set(name, { providerCluster: of.providerCluster, apiExportName: of.apiExportName })
    await trees.verification.delete(workspace, fence)
  }
  if (exported !== undefined) await removeCopiesExport(context, exported)
  retiring.delete(name)
  logger.info({ workspace: name, provider: of.providerCluster }, 'verification workspace removed')
}

/** Each replica retires what it does not know to be wanted, so that another one may have been faster, or has taken it into use again. */
async function unlessChanged(
  { logger }: ProvisionerContext,
  workspace: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act()
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err
    logger.info({ workspace, err }, 'what was to be removed is not there any more, or has changed')
  }
}

/** Not heard of is not gone: the platform is asked. */
async function isWanted({ clusters }: ProvisionerContext, record: StagingWorkspace): Promise<boolean> {
  const { consumer, provider } = pairOf(record)
  const { apiExportName } = record.spec
  const { items } = await clusters.coordination.list<Pick<Assignment, 'spec' | 'status'>>({ ...Assignment.resource })
  return items.some((assignment) => {
    if (assignment.spec.consumerCluster !== consumer || !providersOf(assignment).has(provider)) return false
    return (exportAt(assignment, provider) ?? apiExportName) === apiExportName
  })
}

/** The same for a trial: the platform is asked for places of copies, and the provider for offers. */
async function isTrialWanted({ clusters, records }: ProvisionerContext, of: ProviderExport): Promise<boolean> {
  const { providerCluster: provider, apiExportName } = of
  const isAt = (place: ProviderExport) => place.providerCluster === provider && place.apiExportName === apiExportName
  const isPlace = (place: StagingCluster) => place.consumerCluster !== undefined && isAt(place)
  if ([...clusters.kcp.staging.all].some(isPlace)) return true
  const recorded = await records.list()
  if (recorded.some((record) => isAt(exportIn(record)))) return true
  if (clusters.providers.isGone(provider)) return false
  const { items } = await clusters.providers.client(provider).list<KubeObject>(AcceptAPI.resource)
  return items.some((object) => {
    const offered = exportOfOffer({ provider, object })
    return offered !== undefined && isAt(offered)
  })
}
