import type { KubeObject } from '../../kube/objects.ts'
import { APIS, IDENTITY_NAMESPACE, ROOT_CLUSTER, SHARDS_EXPORT, TENANCY, TOPOLOGY } from '../names.ts'
import { apiResourceSchema, type SchemaSource } from './schemas/source.ts'
import { partitionSets, partitions, shards } from './schemas/topology.ts'
import { workspaceAuthenticationConfigurations, workspaceTypes } from './schemas/workspace-types.ts'
import { workspaces } from './schemas/workspaces.ts'

type ExportSource = {
  name: string
  types: readonly SchemaSource[]
  /** Whether RBAC in root limits what may be done with the types anywhere. */
  limited?: boolean
  /** Whether root itself is bound to it. */
  bound: boolean
}

/** Exports in root (contract 4.11). Those without types are there to be found; what they would offer is not served. */
export const ROOT_EXPORTS: readonly ExportSource[] = [
  {
    name: TENANCY,
    types: [workspaceAuthenticationConfigurations, workspaces, workspaceTypes],
    ...{ limited: true, bound: true },
  },
  { name: TOPOLOGY, types: [partitions, partitionSets], bound: true },
  { name: SHARDS_EXPORT, types: [shards], bound: true },
  { name: 'cache.kcp.io', types: [], bound: false },
  { name: 'migration.kcp.io', types: [], bound: false },
]

/** The export and the schemas that it names. */
export function exportObjects({ name, types, limited = false }: ExportSource): {
  schemas: KubeObject[]
  apiExport: KubeObject
} {
  const schemas = types.map(apiResourceSchema)
  const resources = types.map(({ group, plural }, index) => ({
    ...{ name: plural, group, schema: schemas[index]!.metadata.name },
    storage: { crd: {} },
  }))
  const apiExport = {
    apiVersion: `${APIS}/v1alpha2`,
    kind: 'APIExport',
    metadata: { name },
    spec: {
      ...(resources.length > 0 && { resources }),
      identity: { secretRef: { namespace: IDENTITY_NAMESPACE, name } },
      ...(limited && { maximalPermissionPolicy: { local: {} } }),
    },
  }
  return { schemas, apiExport }
}

/** Root's own binding to one of its exports. */
export function rootBinding(name: string): KubeObject {
  return {
    apiVersion: `${APIS}/v1alpha2`,
    kind: 'APIBinding',
    metadata: { name },
    spec: { reference: { export: { path: ROOT_CLUSTER, name } } },
  }
}
