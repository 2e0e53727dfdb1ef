import type { JsonObject, KubeObject } from '../../kube/objects.ts'
import type { PrinterColumn, ScaleSubresource } from '../../kube/resource.ts'
import type { OpenApiSchema } from '../../kube/schema/mod.ts'

/** One entry of an APIExport's `spec.permissionClaims`, in v1alpha2 (contract 4.5). */
export type PermissionClaim = {
  group?: string
  resource: string
  verbs: string[]
  identityHash?: string
  defaultSelector?: ClaimSelector
}

/** One entry of an APIBinding's `spec.permissionClaims`, in v1alpha2 (contract 4.6). */
export type AcceptableClaim = Omit<PermissionClaim, 'defaultSelector'> & {
  selector?: ClaimSelector
  state?: 'Accepted' | 'Rejected'
}

/** Which objects a claim is about: all, or those with these labels. */
export type ClaimSelector = {
  matchAll?: boolean
  matchLabels?: Record<string, string>
  matchExpressions?: JsonObject[]
}

export type ExportedResource = {
  group: string
  name: string
  schema: string
  /** By default `crd`. Types with `virtual` are served by others. */
  storage?: { crd?: JsonObject; virtual?: JsonObject }
}

/** One entry of an APIBinding's `status.boundResources`. */
export type BoundResource = {
  group: string
  resource: string
  schema: { name: string; UID: string; identityHash: string }
  storageVersions?: string[]
}

export type ApiExport = KubeObject & {
  spec?: {
    resources?: ExportedResource[]
    identity?: { secretRef?: { namespace: string; name: string } }
    maximalPermissionPolicy?: { local?: JsonObject }
    permissionClaims?: PermissionClaim[]
  }
  status?: { identityHash?: string }
}

export type ApiBinding = KubeObject & {
  spec?: {
    reference?: { export?: { path?: string; name?: string } }
    permissionClaims?: AcceptableClaim[]
    /** Of objects when the binding is deleted; `Delete` by default. */
    deletionPolicy?: 'Delete' | 'WaitForSuccessor'
  }
  status?: {
    phase?: string
    apiExportClusterName?: string
    boundResources?: BoundResource[]
    appliedPermissionClaims?: AcceptableClaim[]
    exportPermissionClaims?: PermissionClaim[]
  }
}

export type ApiResourceSchema = KubeObject & {
  spec: {
    group: string
    names: JsonObject & SchemaNames
    scope: string
    versions: SchemaVersion[]
    conversion?: { strategy: string }
    nameValidation?: string
  }
}

export type SchemaNames = {
  plural: string
  kind: string
  singular?: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export type SchemaVersion = {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema: OpenApiSchema
  subresources?: { status?: JsonObject; scale?: ScaleSubresource }
  additionalPrinterColumns?: PrinterColumn[]
  selectableFields?: { jsonPath: string }[]
}

export type ApiConversion = KubeObject & {
  spec: { conversions: VersionConversion[] }
}

/** How objects of one version become objects of another (contract 4.8). */
export type VersionConversion = {
  from: string
  to: string
  rules: { field: string; destination: string; transformation?: string }[]
  preserve?: string[]
}

export type EndpointSlice = KubeObject & {
  spec: { export: { path?: string; name: string }; partition?: string }
  status?: { endpoints?: { url: string }[]; shardSelector?: string }
}

/** Whether objects of an exported type are kept by those that bind it. */
export function isServedHere({ storage }: ExportedResource): boolean {
  return storage?.virtual === undefined
}
