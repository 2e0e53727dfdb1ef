import { annotations, copiesExportName, type ProviderExport } from '@resource-broker/api'
import { stringifyJson } from '@resource-broker/json'
import { type Binding, type ExportRef, isAlreadyExists, type KubeClient, readIfThere } from '@resource-broker/kube'
import { BINDINGS, type StagingCluster } from '@resource-broker/service'
import type { ProvisionerContext, Wanted } from './context.ts'

const APIBINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }
const APIEXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
/** The broker sees its workspaces by their bindings, and looks for nobody: no slice is needed (contract 4.7). */
const SKIP_SLICE = 'apiexports.apis.kcp.io/skip-endpointslice'

/** A workspace of the broker, and the bindings that are seen in it. */
type Inside = { client: KubeClient; bound?: ReadonlyMap<string, Binding> | undefined }

type Claim = { group?: string; resource: string; verbs: string[]; identityHash?: string }

const READS = ['get', 'list', 'watch']
/** What belongs to copies. */
const BESIDES_COPIES: Claim[] = [
  { resource: 'secrets', verbs: READS },
  { resource: 'configmaps', verbs: READS },
  { resource: 'namespaces', verbs: ['get', 'create'] },
]
/**
 * What a provider may have in a workspace that holds nothing but copies for it: the objects that belong to them, and to know where it
 * is. Nothing that gives rights there, nor other exports' resources.
 */
const GRANTED = new Set(['secrets', 'configmaps', 'events', 'namespaces', 'logicalclusters.core.kcp.io'])

/** Binds a workspace to the provider's export; with `grants` the provider gets what it claims as far as copies need it. */
export async function bindProvider(
  { client, bound }: Inside,
  { providerCluster, apiExportName, consumerCluster }: Wanted,
  grants: readonly Claim[] = [],
): Promise<void> {
  const claims = grants.filter(({ group, resource, identityHash }) => {
    const isBuiltIn = identityHash === undefined || identityHash === ''
    return isBuiltIn && GRANTED.has(group ? `${resource}.${group}` : resource)
  })
  const of = { path: providerCluster, name: apiExportName }
  const notes = consumerCluster === undefined ? {} : { [annotations.consumerCluster]: consumerCluster }
  await bind(client, bound?.get(BINDINGS.provider), BINDINGS.provider, of, { claims, notes })
}

/** Binds a workspace to the broker's export through which its copies are seen and written; `path` is where that is. */
export async function bindCopies({ client, bound }: Inside, path: string, trial: StagingCluster): Promise<void> {
  const of = { path, name: copiesExportName(trial) }
  await bind(client, bound?.get(BINDINGS.copies), BINDINGS.copies, of, { claims: copiesClaims(trial) })
}

/** The way to the copies of a workspace, as its API server has it now. */
export async function copiesBinding(inside: KubeClient): Promise<Binding | undefined> {
  return await readIfThere<Binding>(inside, { ...APIBINDINGS, name: BINDINGS.copies })
}

/** Takes the way to the copies of a workspace away; they themselves stay. @throws {KubeError} also where it is gone, or another one by now */
export async function unbindCopies(inside: KubeClient, { metadata: { uid } }: Binding): Promise<void> {
  await inside.delete({ ...APIBINDINGS, name: BINDINGS.copies }, { uid })
}

/**
 * Makes the broker's export through which copies at a provider's export are reached claim what that one serves. It names the trial that
 * told: in each life of the trial it is written anew, so that who removes it with the trial before does not remove it from this one.
 */
export async function ensureCopiesExport(
  { clusters, claimed, fence }: ProvisionerContext,
  trial: StagingCluster,
): Promise<void> {
  const name = copiesExportName(trial)
  const permissionClaims = copiesClaims(trial)
  const text = stringifyJson([trial.cluster, permissionClaims])
  if (claimed.get(name) === text) return
  const notes = { [SKIP_SLICE]: 'true', [annotations.triedIn]: trial.cluster, ...notesOf(trial) }
  const body = {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name, annotations: notes },
    spec: { permissionClaims },
  }
  await homeOf(clusters)
    .under(fence)
    .apply({ ...APIEXPORTS, name }, body, { force: true })
  claimed.set(name, text)
}

type CopiesExport = { metadata: { name: string; uid: string; resourceVersion: string } }

/** The broker's export for the copies at a provider's export, as its API server has it now. */
export async function copiesExport(
  { clusters }: ProvisionerContext,
  of: ProviderExport,
): Promise<CopiesExport | undefined> {
  return await readIfThere<CopiesExport>(homeOf(clusters), { ...APIEXPORTS, name: copiesExportName(of) })
}

/** Removes it as it was read. @throws {KubeError} also where it is gone, or was written since */
export async function removeCopiesExport(
  { clusters, fence }: ProvisionerContext,
  { metadata: { name, uid, resourceVersion } }: CopiesExport,
): Promise<void> {
  await homeOf(clusters)
    .under(fence)
    .delete({ ...APIEXPORTS, name }, { uid, resourceVersion })
}

/** The workspace that has the broker's exports. */
const homeOf = ({ kcp }: ProvisionerContext['clusters']): KubeClient => kcp.base.below(`/clusters/${kcp.roots.staging}`)

/** The claims that an export makes, as a binding to it says. */
export function claimsOf(binding: Binding | undefined): Claim[] {
  return (binding?.status as { exportPermissionClaims?: Claim[] } | undefined)?.exportPermissionClaims ?? []
}

function copiesClaims({ resources }: StagingCluster): Claim[] {
  const ofProvider = resources.map(({ group, resource, identityHash }) => ({
    ...(group === '' ? {} : { group }),
    resource,
    identityHash,
    verbs: ['*'],
  }))
  return [...ofProvider.sort((a, b) => (a.resource < b.resource ? -1 : 1)), ...BESIDES_COPIES]
}

/** Annotations that say which export of a provider something of the broker's is for. */
export function notesOf({ providerCluster, apiExportName }: ProviderExport): Record<string, string> {
  return { [annotations.providerCluster]: providerCluster, [annotations.kcpAPIExportName]: apiExportName }
}

/** What such annotations say. */
export function exportNoted(notes: Record<string, string> = {}): ProviderExport | undefined {
  const [providerCluster, apiExportName] = [notes[annotations.providerCluster], notes[annotations.kcpAPIExportName]]
  return providerCluster === undefined || apiExportName === undefined ? undefined : { providerCluster, apiExportName }
}

/** Makes a binding, or accepts by one that is there what is claimed by now. */
async function bind(
  client: KubeClient,
  bound: Binding | undefined,
  name: string,
  reference: ExportRef,
  { claims, notes = {} }: { claims: readonly Claim[]; notes?: Record<string, string> },
): Promise<void> {
  const permissionClaims = claims.map((claim) => ({ ...claim, selector: { matchAll: true }, state: 'Accepted' }))
  if (bound !== undefined) {
    const { permissionClaims: accepted = [] } = bound.spec as { permissionClaims?: Claim[] }
    if (textOf(accepted) !== textOf(claims))
      await client.mergePatch({ ...APIBINDINGS, name }, { spec: { permissionClaims } })
    return
  }
  const body = {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name, annotations: notes },
    spec: { reference: { export: reference }, permissionClaims },
  }
  await client.create(APIBINDINGS, body).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** The same for claims that say the same. */
function textOf(claims: readonly Claim[]): string {
  const said = claims.map(({ group = '', resource, identityHash = '', verbs }) => [
    group,
    resource,
    identityHash,
    ...verbs,
  ])
  return stringifyJson(said.sort())
}
