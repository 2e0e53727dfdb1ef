import {
  AcceptAPI,
  apiExportNameOf,
  getCondition,
  type NextCondition,
  type ProviderExport,
  verificationWorkspaceName,
} from '@resource-broker/api'
import type { AcceptAPIMessage, KubeObject, SourceRef } from '@resource-broker/bus'
import { isTrue, resolveResource } from '@resource-broker/kube'
import { BINDINGS, reportOnOffer, type StagingCluster, scopeDiffers } from '@resource-broker/service'
import { ensureCopiesExport } from '../bindings.ts'
import type { ProvisionerContext } from '../context.ts'

/** The export that an AcceptAPI names, in its spec or as the Go broker had it; undefined if it is not valid or names none. */
export function exportOfOffer({
  provider,
  object,
}: Pick<AcceptAPIMessage, 'provider' | 'object'>): ProviderExport | undefined {
  if (object === null || object.metadata.deletionTimestamp !== undefined) return undefined
  const parsed = AcceptAPI.parse(object)
  if (!parsed.ok) return undefined
  const apiExportName = apiExportNameOf(parsed.value)
  return apiExportName === undefined ? undefined : { providerCluster: provider, apiExportName }
}

/** Writes into an AcceptAPI what the trial of its export came to; answers whether nothing will tell of more. */
export async function judge(
  context: ProvisionerContext,
  { provider, object }: AcceptAPIMessage,
  of: ProviderExport,
): Promise<'done' | 'look again'> {
  if (object === null) return 'done'
  const client = context.clusters.providers.client(provider).under(context.fence)
  const report = (condition: NextCondition) =>
    reportOnOffer({ client, logger: context.logger }, object, condition, context.now())
  const judged = await verdict(context, object, of).catch((error: unknown) => error as Error)
  if (judged instanceof Error) {
    // What was verified stays so: that the broker cannot look again is no reason to withdraw an offer.
    const message = `${of.apiExportName} is being bound for a trial: ${judged.message}`
    if (!isVerified(context, object)) await report(conditionOn(context, object)('Unknown', 'Verifying', message))
    throw judged
  }
  await report(judged)
  return judged.reason === ABOUT ? 'look again' : 'done'
}

function isVerified({ conditionType }: ProvisionerContext, object: KubeObject): boolean {
  const { status, metadata } = AcceptAPI.of(object)
  const said = getCondition(status?.conditions, conditionType)
  return said?.status === 'True' && said.observedGeneration === metadata.generation
}

type Say = (status: NextCondition['status'], reason: string, message: string) => NextCondition

function conditionOn({ conditionType: type }: ProvisionerContext, { metadata }: KubeObject): Say {
  const observedGeneration = metadata.generation ?? 0
  return (status, reason, message) => ({ type, status, reason, message: message.slice(0, 4096), observedGeneration })
}

/** An export's virtual workspace serves what it claims a moment after the export is there, and nothing tells when. */
const ABOUT = 'VerifyingResource'

async function verdict(context: ProvisionerContext, object: KubeObject, of: ProviderExport): Promise<NextCondition> {
  const { clusters, failures } = context
  const { gvr } = AcceptAPI.of(object).spec
  const say = conditionOn(context, object)
  const name = verificationWorkspaceName(of)
  const trial = clusters.kcp.staging.named(name)
  const failure = failures.get(name)
  if (trial === undefined && failure !== undefined) return say('False', 'BindingFailed', failure)
  const stands = trial === undefined ? undefined : obstacle(trial)
  if (trial === undefined || stands === 'pending')
    return say('Unknown', 'Verifying', `${of.apiExportName} is being bound for a trial`)
  if (stands !== undefined) return say('False', stands.reason, stands.message)
  const served = trial.resources.map(({ group, resource }) => `${resource}.${group}`)
  if (!served.includes(`${gvr.resource}.${gvr.group}`)) {
    const told = `${of.apiExportName} serves ${served.join(', ') || 'nothing'}, and not ${gvr.resource}.${gvr.group}`
    return say('False', 'ResourceNotExported', told)
  }
  const misfit = await misfitOf(context, trial, gvr, of)
  if (misfit === 'pending') return say('Unknown', ABOUT, `${nameOf(gvr)} is about to be served for a trial`)
  return misfit === undefined
    ? say('True', 'Bound', `${of.apiExportName} can be bound`)
    : say('False', misfit.reason, misfit.message)
}

type GVR = SourceRef['gvr']
const nameOf = ({ resource, version, group }: GVR): string => `${resource}.${version}.${group}`

/**
 * Whether the resource has the scope that it has at its consumers. The discovery of an export's virtual workspace tells (contract 7.7),
 * and needs no rights in the workspace of the trial.
 */
async function misfitOf(
  context: ProvisionerContext,
  trial: StagingCluster,
  gvr: GVR,
  { apiExportName }: ProviderExport,
): Promise<{ reason: string; message: string } | 'pending' | undefined> {
  await ensureCopiesExport(context, trial)
  const served = await resolveResource(trial.client, gvr)
  if (served === undefined) return 'pending'
  const brokered = context.clusters.kinds.all.find(({ group, version, resource }) => {
    return group === gvr.group && version === gvr.version && resource === gvr.resource
  })
  return scopeDiffers(nameOf(gvr), apiExportName, served.namespaced, brokered?.namespaced)
}

/** What stands in the way of a binding to the export; an export that is deleted goes on being served where it is bound (contract 5.4). */
function obstacle({
  bindings,
  apiExportName,
}: StagingCluster): { reason: string; message: string } | 'pending' | undefined {
  const binding = bindings.get(BINDINGS.provider)
  const failing = binding?.status?.conditions?.find(
    ({ type, status }) => status === 'False' && ['APIExportValid', 'InitialBindingCompleted'].includes(type),
  )
  if (failing !== undefined && failing.reason !== 'WaitingForEstablished') {
    const { reason = 'BindingFailed', message = '' } = failing
    return { reason, message: `${apiExportName}: ${message || reason}` }
  }
  return binding !== undefined && isTrue(binding, 'Ready') ? undefined : 'pending'
}
