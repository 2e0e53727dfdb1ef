import { kcpLayout } from '@resource-broker/api'
import { acceptAPIClaims, answers, brokeredClaims, type Claim, providerClaims, stagingClaims } from './claims.ts'
import { schemaOf } from './crds.ts'
import {
  bound,
  coordinationRights,
  granted,
  mayBind,
  platformRights,
  stagingRights,
  userNamed,
  verificationRights,
} from './rights.ts'
import { type Crd, type Manifest, manifest } from './types.ts'

/** The role with which a workspace lets the broker in. */
const BROKER = 'resource-broker'

/**
 * The platform workspace: AcceptAPI and each brokered kind as an export, and the rights of `user`, the broker; those of sets of services
 * for a partition are beside one another. The roles for consumers and providers are there to be given; nobody has them.
 */
export function platformManifests(
  acceptAPI: Crd,
  brokered: Crd[],
  { user, partition }: { user: string; partition?: string | undefined },
): Manifest[] {
  const role = partition === undefined ? `${BROKER}-platform` : `${BROKER}-platform-${partition}`
  const names = brokered.map(({ metadata }) => metadata.name)
  return [
    ...exported(kcpLayout.acceptAPIExport, [acceptAPI], acceptAPIClaims),
    ...brokered.flatMap((crd) => exported(crd.metadata.name, [crd], brokeredClaims)),
    ...granted(role, platformRights([kcpLayout.acceptAPIExport, ...names]), user),
    mayBind(`${BROKER}-provider`, [kcpLayout.acceptAPIExport]),
    ...(names.length === 0 ? [] : [mayBind(`${BROKER}-consumer`, names)]),
  ]
}

type CoordinationInput = {
  crds: Crd[]
  brokered: Crd[]
  platformWorkspace: string
  user: string
  partition?: string | undefined
}

/**
 * The coordination workspace: the broker's own kinds and the slices of the platform's exports. Offers are known from everywhere,
 * whatever the partition.
 */
export function coordinationManifests(input: CoordinationInput): Manifest[] {
  const { crds, brokered, platformWorkspace, user, partition } = input
  const slice = (name: string, exportName: string, more: object = {}) =>
    manifest('APIExportEndpointSlice', name, {
      spec: { export: { path: platformWorkspace, name: exportName }, ...more },
    })
  const selector = { matchLabels: { name: partition } } // that every shard labels itself with (contract 4.9)
  const only = partition === undefined ? {} : { partition }
  const plurals = crds.map(({ spec }) => spec.names.plural)
  return [
    ...crds,
    slice(kcpLayout.acceptAPISlice, kcpLayout.acceptAPIExport),
    ...(partition === undefined ? [] : [manifest('Partition', partition, { spec: { selector } })]),
    ...brokered.map(({ metadata }) => slice(metadata.name, metadata.name, only)),
    ...granted(`${BROKER}-coordination`, coordinationRights(plurals), user),
  ]
}

/** The workspace that staging workspaces are made below. The broker itself adds exports for what providers serve. */
export function stagingManifests(user: string, stagingTreeRoot: string): Manifest[] {
  const { stagingExport, stagingWorkspaceType } = kcpLayout
  const spec = {
    extend: { with: [{ name: 'universal', path: 'root' }] },
    defaultAPIBindings: [{ path: stagingTreeRoot, export: stagingExport }],
  }
  return [
    manifest('APIExport', stagingExport, { spec: { permissionClaims: stagingClaims } }),
    manifest('WorkspaceType', stagingWorkspaceType, { spec }),
    ...granted(`${BROKER}-staging`, stagingRights, user),
  ]
}

/** The workspace that verification workspaces are made below. */
export function verificationManifests(user: string): Manifest[] {
  return granted(`${BROKER}-verification`, verificationRights, user)
}

/** The broker's identity, where it is a ServiceAccount of the coordination workspace. */
export function serviceAccountManifest(): Manifest {
  const { namespace, name } = kcpLayout.serviceAccount
  // An apply that owns no field is none the next time: with a label it is.
  return manifest('ServiceAccount', name, {}, { namespace, labels: { 'app.kubernetes.io/name': name } })
}

export type ProviderInput = {
  platformWorkspace: string
  /** The APIExport that AcceptAPIs name in `spec.apiExportName`. */
  exportName: string
  /** The kinds that it serves. */
  crds: Crd[]
  claims?: Claim[]
  /** The broker, as `bootstrap` answers it; or each set of services. */
  user: string | readonly string[]
}

/** What a provider applies in its own workspace, besides its AcceptAPIs. */
export function providerManifests({ platformWorkspace, exportName, crds, claims, user }: ProviderInput): Manifest[] {
  const { acceptAPIExport, acceptAPISlice } = kcpLayout
  const name = `${BROKER}-bind-${exportName}`
  return [
    binding(acceptAPISlice, platformWorkspace, acceptAPIExport, acceptAPIClaims),
    ...exported(exportName, crds, claims ?? providerClaims),
    mayBind(name, [exportName]),
    bound(name, [user].flat().map(userNamed)),
  ]
}

/** What a consumer applies in its own workspace to be served with these kinds. */
export function consumerManifests(platformWorkspace: string, brokered: string[]): Manifest[] {
  return brokered.map((name) => binding(name, platformWorkspace, name, brokeredClaims))
}

function binding(name: string, path: string, exportName: string, claims: Claim[]): Manifest {
  const reference = { export: { path, name: exportName } }
  return manifest('APIBinding', name, { spec: { reference, permissionClaims: answers(claims) } })
}

/** An export and the schemas that it refers to. */
function exported(name: string, crds: Crd[], permissionClaims: Claim[]): Manifest[] {
  const schemas = crds.map(schemaOf)
  const resources = crds.map(({ spec: { group, names } }, i) => ({
    ...{ group, name: names.plural, schema: schemas[i]?.metadata.name },
    storage: { crd: {} },
  }))
  return [...schemas, manifest('APIExport', name, { spec: { resources, permissionClaims } })]
}
