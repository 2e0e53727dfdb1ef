import { isDeepStrictEqual } from 'node:util'
import {
  conditionTypes,
  type NextCondition,
  type StagingPlace,
  type StagingWorkspace,
  setCondition,
} from '@resource-broker/api'
import { isNotFound } from '@resource-broker/kube'
import {
  BINDINGS,
  isEnding,
  STAGING_FAILED,
  type StagingCluster,
  together,
  whyNotReady,
} from '@resource-broker/service'
import { bindCopies, bindProvider, claimsOf, ensureCopiesExport } from '../bindings.ts'
import type { ProvisionerContext, Wanted } from '../context.ts'
import { removeStaging } from './retire.ts'

/**
 * Makes the workspace for the copies of one consumer at one export of a provider, as far as that goes now; its record always says how far.
 * One that goes is gone before the next is made.
 */
export async function stage(context: ProvisionerContext, wanted: Wanted & StagingPlace): Promise<void> {
  const { trees, records, clusters, fence } = context
  const { name } = wanted
  const { staging } = clusters.kcp
  const trial = staging
    .between(undefined, wanted.providerCluster)
    .find(({ apiExportName }) => apiExportName === wanted.apiExportName)
  if (trial === undefined || trial.resources.length === 0) return // nothing is known of the export yet; the trial tells
  const providerPath = clusters.providers.pathOf(wanted.providerCluster)
  const about = { providerPath, workspaceTreeRoot: trees.staging.root }
  const record = records.get(name) ?? (await records.create(name, wanted, about, fence))
  if (isEnding(record)) return await removeStaging(context, record).catch(unlessGone) // that it went calls again
  const failure = await bringFurther(context, wanted, trial).catch((error: unknown) => error as Error)
  const untold = await report(context, name, failure?.message).catch((error: unknown) => error as Error)
  if (failure !== undefined || untold !== undefined) throw failure ?? untold
}

function unlessGone(error: unknown): void {
  if (!isNotFound(error)) throw error
}

async function bringFurther(
  context: ProvisionerContext,
  wanted: Wanted & StagingPlace,
  trial: StagingCluster,
): Promise<undefined> {
  const { staging } = context.trees
  const cluster = staging.readyCluster(wanted.name)
  if (staging.get(wanted.name) === undefined) await staging.create(wanted.name, context.fence)
  else if (cluster !== undefined) await bindAll(context, cluster, wanted, trial)
}

async function bindAll(context: ProvisionerContext, cluster: string, wanted: Wanted, trial: StagingCluster) {
  const { records, fence } = context
  const { staging, roots } = context.clusters.kcp
  const client = staging.inside(cluster)?.under(fence)
  if (client === undefined) return
  const inside = { client, bound: staging.at(cluster)?.bindings }
  await ensureCopiesExport(context, trial)
  const record = records.get(wanted.name)
  if (record === undefined) return // that it went calls again
  if (inside.bound?.has(BINDINGS.copies) !== true) await records.takeUp(record, fence)
  await together([
    bindProvider(inside, wanted, claimsOf(trial.bindings.get(BINDINGS.provider))),
    bindCopies(inside, roots.staging, trial),
  ])
}

/** Says in the record how far the workspace is, and what failed, if something did. */
async function report(
  { clusters, records, trees, now, fence }: ProvisionerContext,
  name: string,
  failure: string | undefined,
): Promise<undefined> {
  const record = records.get(name)
  if (record === undefined || isEnding(record)) return
  const place = clusters.kcp.staging.named(name)
  const isThere = trees.staging.readyCluster(name) !== undefined
  const isReady = place?.isReady === true
  const failed = failure === undefined ? undefined : { reason: STAGING_FAILED, message: failure.slice(0, 4096) }
  const next: NextCondition[] = [
    isThere
      ? { type: conditionTypes.workspaceReady, status: 'True', reason: 'Ready', message: 'the workspace is there' }
      : {
          type: conditionTypes.workspaceReady,
          status: 'False',
          ...(failed ?? { reason: 'Creating', message: 'the workspace is being made' }),
        },
    isReady
      ? { type: conditionTypes.bindingReady, status: 'True', reason: 'Bound', message: 'copies can be written' }
      : {
          type: conditionTypes.bindingReady,
          status: 'False',
          ...(failed ?? { reason: 'Binding', message: whyNotReady(place) ?? 'the exports are being bound' }),
        },
  ]
  const before = record.status
  const conditions = next.reduce((all, condition) => setCondition(all, condition, now()), before?.conditions ?? [])
  const workspaceURL = trees.staging.get(name)?.spec.URL
  const status: NonNullable<StagingWorkspace['status']> = {
    phase: isReady ? 'Ready' : 'Pending',
    ...(workspaceURL === undefined ? {} : { workspaceURL }),
    conditions,
  }
  if (!isDeepStrictEqual(status, before)) await records.report(record, status, fence)
}
