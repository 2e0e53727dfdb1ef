import type { StoredObject } from '../server/objects.ts'
import type { ExportOf } from '../server/request.ts'

/** The resources of a kcp that the model knows, as places have them. */
export const KCP = {
  workspaces: 'workspaces.tenancy.kcp.io',
  workspaceTypes: 'workspacetypes.tenancy.kcp.io',
  schemas: 'apiresourceschemas.apis.kcp.io',
  exports: 'apiexports.apis.kcp.io',
  bindings: 'apibindings.apis.kcp.io',
  slices: 'apiexportendpointslices.apis.kcp.io',
} as const

/** An export as others refer to it; without a path it is in the same logical cluster (contract 4.6, 4.7). */
export type Reference = { path?: string; name: string }

export type Claim = { group?: string; resource: string; verbs: string[]; identityHash?: string }

/** APIExport of apis.kcp.io/v1alpha2 (contract 4.5). */
export type Export = StoredObject & {
  spec: { resources?: { name: string; group: string; schema: string }[]; permissionClaims?: Claim[] }
  status?: { identityHash?: string }
}

/** APIBinding of apis.kcp.io/v1alpha2 (contract 4.6). */
export type Binding = StoredObject & { spec: { reference: { export: Reference }; permissionClaims?: Claim[] } }

export const exportID = ({ cluster, name }: ExportOf): string => `${cluster}/${name}`
