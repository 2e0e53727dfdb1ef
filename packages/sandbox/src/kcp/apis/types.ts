import type { JsonObject, KubeObject } from '../../kube/objects.ts'

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

type ExportedResource = {
  group: string
  name: string
  schema: string
  storage?: { crd?: JsonObject } & JsonObject
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
  spec?: { reference?: { export?: { path?: string; name?: string } }; permissionClaims?: AcceptableClaim[] }
  status?: { phase?: string; apiExportClusterName?: string; appliedPermissionClaims?: AcceptableClaim[] }
}

export type ApiResourceSchema = KubeObject & {
  spec: { group: string; names: JsonObject & { plural: string }; scope: string; versions: SchemaVersion[] }
}

type SchemaVersion = { name: string; served: boolean; storage: boolean; schema: JsonObject }
