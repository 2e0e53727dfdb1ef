import type { ResourceRef } from '@resource-broker/kube'

/** An object as it is applied. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  [field: string]: unknown
}

export type Version = {
  name: string
  served: boolean
  storage: boolean
  schema?: { openAPIV3Schema?: object }
  subresources?: { status?: object }
  [field: string]: unknown
}

/** A CustomResourceDefinition of apiextensions.k8s.io/v1, as far as it is read here. */
export type Crd = Manifest & {
  spec: {
    group: string
    names: { kind: string; plural: string; singular?: string; listKind?: string }
    scope: string
    versions: Version[]
    conversion?: { strategy: string }
  }
}

const APIS = 'apis.kcp.io'
const RBAC = { group: 'rbac.authorization.k8s.io', version: 'v1' }

/** Where the kinds of the manifests are served. */
export const resources = {
  APIBinding: { group: APIS, version: 'v1alpha2', resource: 'apibindings' },
  APIExport: { group: APIS, version: 'v1alpha2', resource: 'apiexports' },
  APIExportEndpointSlice: { group: APIS, version: 'v1alpha1', resource: 'apiexportendpointslices' },
  APIResourceSchema: { group: APIS, version: 'v1alpha1', resource: 'apiresourceschemas' },
  ClusterRole: { ...RBAC, resource: 'clusterroles' },
  ClusterRoleBinding: { ...RBAC, resource: 'clusterrolebindings' },
  CustomResourceDefinition: {
    ...{ group: 'apiextensions.k8s.io', version: 'v1' },
    resource: 'customresourcedefinitions',
  },
  LogicalCluster: { group: 'core.kcp.io', version: 'v1alpha1', resource: 'logicalclusters' },
  Partition: { group: 'topology.kcp.io', version: 'v1alpha1', resource: 'partitions' },
  ServiceAccount: { group: '', version: 'v1', resource: 'serviceaccounts' },
  WorkspaceType: { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspacetypes' },
  Workspace: { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' },
} as const satisfies Record<string, ResourceRef>

type Kind = keyof typeof resources

/** An object of one of these kinds. */
export function manifest(kind: Kind, name: string, fields: object = {}, metadata: object = {}): Manifest {
  const { group, version } = resources[kind]
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    metadata: { name, ...metadata },
    ...fields,
  }
}

/** A workspace of the type that every kcp has; on a shard by its name. */
export function workspaceManifest(name: string, shard?: string): Manifest {
  const location = { selector: { matchLabels: { name: shard } } }
  const type = { name: 'universal', path: 'root' }
  return manifest('Workspace', name, { spec: { type, ...(shard === undefined ? {} : { location }) } })
}
