const APIS = 'apis.kcp.io'
const TENANCY = 'tenancy.kcp.io/v1alpha1'
const TOPOLOGY = 'topology.kcp.io/v1alpha1'
const SELECTOR = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }
const EXPORT = { path: 'root', name: 'tenancy.kcp.io' }
const OLD_CLAIM = { resource: 'configmaps', all: true }
const CLAIM = { resource: 'configmaps', verbs: ['get'] }
const SCHEMA = 'v1.things.example.io'
const VERSION = { name: 'v1', served: true, storage: true, schema: { type: 'object' } }

/** A valid object of each of kcp's types and versions, by `<resource>.<version>`; all can be created in root. */
export const systemObjects: Record<string, object> = {
  'apiresourceschemas.v1alpha1': {
    ...{ apiVersion: `${APIS}/v1alpha1`, kind: 'APIResourceSchema', metadata: { name: SCHEMA } },
    spec: {
      ...{ group: 'example.io', scope: 'Cluster', versions: [VERSION] },
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    },
  },
  'apiexports.v1alpha1': {
    ...{ apiVersion: `${APIS}/v1alpha1`, kind: 'APIExport', metadata: { name: 'old' } },
    spec: { latestResourceSchemas: [SCHEMA], permissionClaims: [OLD_CLAIM] },
  },
  'apiexports.v1alpha2': {
    ...{ apiVersion: `${APIS}/v1alpha2`, kind: 'APIExport', metadata: { name: 'new' } },
    spec: { resources: [{ group: 'example.io', name: 'things', schema: SCHEMA }], permissionClaims: [CLAIM] },
  },
  'apibindings.v1alpha1': {
    ...{ apiVersion: `${APIS}/v1alpha1`, kind: 'APIBinding', metadata: { name: 'old' } },
    spec: { reference: { export: EXPORT }, permissionClaims: [{ ...OLD_CLAIM, state: 'Accepted' }] },
  },
  'apibindings.v1alpha2': {
    ...{ apiVersion: `${APIS}/v1alpha2`, kind: 'APIBinding', metadata: { name: 'new' } },
    spec: {
      reference: { export: EXPORT },
      permissionClaims: [{ ...CLAIM, state: 'Accepted', selector: { matchLabels: { a: 'b' } } }],
    },
  },
  'apiexportendpointslices.v1alpha1': {
    ...{ apiVersion: `${APIS}/v1alpha1`, kind: 'APIExportEndpointSlice', metadata: { name: 'all' } },
    spec: { export: EXPORT },
  },
  'apiconversions.v1alpha1': {
    ...{ apiVersion: `${APIS}/v1alpha1`, kind: 'APIConversion', metadata: { name: SCHEMA } },
    spec: { conversions: [] },
  },
  'logicalclusters.v1alpha1': {
    ...{ apiVersion: 'core.kcp.io/v1alpha1', kind: 'LogicalCluster', metadata: { name: 'cluster' } },
    spec: {},
  },
  'workspaces.v1alpha1': {
    ...{ apiVersion: TENANCY, kind: 'Workspace', metadata: { name: 'one' } },
    spec: { type: { name: 'universal', path: 'root' } },
  },
  'workspacetypes.v1alpha1': {
    ...{ apiVersion: TENANCY, kind: 'WorkspaceType', metadata: { name: 'one' } },
    spec: { extend: { with: [{ name: 'universal', path: 'root' }] } },
  },
  'workspaceauthenticationconfigurations.v1alpha1': {
    ...{ apiVersion: TENANCY, kind: 'WorkspaceAuthenticationConfiguration', metadata: { name: 'one' } },
    spec: { jwt: [] },
  },
  'shards.v1alpha1': {
    ...{ apiVersion: 'core.kcp.io/v1alpha1', kind: 'Shard', metadata: { name: 'one' } },
    spec: { baseURL: 'https://a.example', externalURL: 'https://a.example', virtualWorkspaceURL: 'https://a.example' },
  },
  'partitions.v1alpha1': {
    ...{ apiVersion: TOPOLOGY, kind: 'Partition', metadata: { name: 'one' } },
    spec: { selector: SELECTOR },
  },
  'partitionsets.v1alpha1': {
    ...{ apiVersion: TOPOLOGY, kind: 'PartitionSet', metadata: { name: 'one' } },
    spec: { dimensions: ['region'], shardSelector: SELECTOR },
  },
}
