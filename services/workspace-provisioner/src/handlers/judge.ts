import {
  AcceptAPI,
  apiExportNameOf,
  type NextCondition,
  type ProviderExport,
  verificationWorkspaceName,
} from '@resource-broker/api'
import type { AcceptAPIMessage, KubeObject, SourceRef } from '@resource-broker/bus'
import { isTrue, resolveResource } from '@resource-broker/kube'
import { BINDINGS, reportOnOffer, type StagingCluster, scopeDiffers } from '@resource-broker/service'
import type { ProvisionerContext } from '../context.ts'

/** The export that an AcceptAPI names, in its spec or as the Go broker had it; undefined if it is not valid or names none. */
export function exportOfOffer({ provider, object }: AcceptAPIMessage): ProviderExport | undefined {
  if (object === null || object.metadata.deletionTimestamp !== undefined) return undefined
  const parsed = AcceptAPI.parse(object)
  if (!parsed.ok) return undefined
  const apiExportName = apiExportNameOf(parsed.value)
  return apiExportName === undefined ? undefined : { providerCluster: provider, apiExportName }
}

/** Writes into an AcceptAPI what the trial of its export came to. */
export async function judge(
  context: ProvisionerContext,
  { provider, object }: AcceptAPIMessage,
  of: ProviderExport,
): Promise<void> {
  if (object === null) return
  const client = context.clusters.providers.client(provider)
  await reportOnOffer(client, object, await verdict(context, object, of), context.now())
}

async function verdict(
  { clusters, failures, conditionType: type }: ProvisionerContext,
  object: KubeObject,
  of: ProviderExport,
): Promise<NextCondition> {
  const { gvr } = AcceptAPI.of(object).spec
  const observedGeneration = object.metadata.generation ?? 0
  const say = (status: NextCondition['status'], reason: string, message: string): NextCondition => ({
    type,
    status,
    reason,
    message: message.slice(0, 4096),
    observedGeneration,
  })
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
  const misfit = await misfitOf(clusters, trial, gvr, of)
  return misfit === undefined
    ? say('True', 'Bound', `${of.apiExportName} can be bound`)
    : say('False', misfit.reason, misfit.message)
}

/** What the trial shows of the resource itself: whether it is served in the version, and in the scope that it has at the consumers. */
async function misfitOf(
  { kcp: { base }, kinds }: ProvisionerContext['clusters'],
  { cluster }: StagingCluster,
  gvr: SourceRef['gvr'],
  { apiExportName }: ProviderExport,
): Promise<{ reason: string; message: string } | undefined> {
  const name = `${gvr.resource}.${gvr.version}.${gvr.group}`
  const served = await resolveResource(base.below(`/clusters/${cluster}`), gvr)
  if (served === undefined) return { reason: 'VersionNotExported', message: `${apiExportName} does not serve ${name}` }
  const brokered = kinds.all.find(({ group, version, resource }) => {
    return group === gvr.group && version === gvr.version && resource === gvr.resource
  })
  return scopeDiffers(name, apiExportName, served.namespaced, brokered?.namespaced)
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
