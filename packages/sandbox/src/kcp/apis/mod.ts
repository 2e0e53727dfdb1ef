import type { Controller } from '../../kube/controllers/mod.ts'
import type { AdmissionPlugin } from '../../kube/requests/types.ts'
import type { Catalog } from '../../kube/resource.ts'
import type { MaximalPermissionPolicy, ShardServices } from '../services.ts'
import { conversionAdmission } from './api-conversions/admission.ts'
import { bindingLabel, bindingSelectors } from './bindings/admission.ts'
import { bindPermission } from './bindings/bind-permission.ts'
import { bindingController } from './bindings/binding-controller.ts'
import { crdAdmission } from './bindings/crd-admission.ts'
import { crdLocks } from './bindings/crd-locks.ts'
import { schemaCleanup } from './bindings/schema-cleanup.ts'
import { BoundTypes } from './bound-types.ts'
import { catalogOf } from './catalog.ts'
import { ClaimIndex, claimController, claimLabels } from './claims/mod.ts'
import { exportAdmission } from './exports/admission.ts'
import { defaultSliceController } from './exports/default-slice.ts'
import { identityController } from './exports/identity-controller.ts'
import { schemaAdmission } from './schemas/admission.ts'
import { sliceAdmission } from './slices/admission.ts'
import { endpointController } from './slices/endpoint-controller.ts'
import { sliceController } from './slices/slice-controller.ts'
import { SliceIndex } from './slices/slice-index.ts'
import type { ApiExport } from './types.ts'

export type { Bound, BoundTypes } from './bound-types.ts'
export {
  allowsVerb,
  claimedResources,
  claimName,
  type EffectiveClaim,
  effectiveClaims,
  isSameType,
} from './claims/mod.ts'
export { ExportsByIdentity } from './exports/export-index.ts'

/** Bound and claimed types of one shard, and what keeps them. */
export type Apis = {
  readonly catalog: Catalog
  readonly bound: BoundTypes
  /** Besides those for metadata, LogicalClusters and Workspaces; run after them. */
  readonly admission: readonly AdmissionPlugin[]
  /** Started by the shard. */
  readonly controllers: readonly Controller[]
  readonly maximalPermissionPolicy: MaximalPermissionPolicy
  /** Ends what follows the cache, when the shard stops. */
  readonly close: () => void
}

/** Exports and bindings of one shard, and the types that are served because of them. */
export function createApis(services: ShardServices): Apis {
  const bound = new BoundTypes(services)
  const claims = new ClaimIndex(services, bound)
  const slices = new SliceIndex(services)
  const following = [
    bindingController(services, bound),
    claimController(services, bound, claims),
    sliceController(services, slices),
    endpointController(services, bound, slices),
  ]
  return {
    catalog: catalogOf(services, bound),
    bound,
    admission: [
      schemaAdmission,
      conversionAdmission(services),
      exportAdmission(services, bound),
      sliceAdmission,
      bindingLabel(services),
      bindingSelectors,
      bindPermission(services),
      crdAdmission(services, bound),
      claimLabels(claims),
    ],
    controllers: [
      identityController(services),
      defaultSliceController(services),
      ...following.map(({ controller }) => controller),
      crdLocks(services),
      schemaCleanup(services, bound),
    ],
    maximalPermissionPolicy: (...type) => policyOf(services, bound, ...type),
    close() {
      for (const { stop } of following) stop()
      for (const each of [claims, slices, bound]) each.close()
    },
  }
}

function policyOf(
  { cache }: ShardServices,
  bound: BoundTypes,
  ...[cluster, group, resource]: Parameters<MaximalPermissionPolicy>
): ReturnType<MaximalPermissionPolicy> {
  const found = bound.find(cluster, group, resource)
  if (found === undefined) return undefined
  const { exportCluster, exportName } = found.bound
  const apiExport = cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object as ApiExport | undefined
  return apiExport?.spec?.maximalPermissionPolicy?.local === undefined ? undefined : { cluster: exportCluster }
}
