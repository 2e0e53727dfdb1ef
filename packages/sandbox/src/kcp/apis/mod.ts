import type { Apis, ShardServices } from '../shards/types.ts'
import { bindPermission } from './bind-permission.ts'
import { bindingController } from './binding-controller.ts'
import { BoundTypes } from './bound-types.ts'
import { catalogOf } from './catalog.ts'
import { ClaimIndex, claimController, claimLabels } from './claims/mod.ts'
import { exportController } from './export-controller.ts'

export type { BoundTypes } from './bound-types.ts'
export {
  allowsVerb,
  claimedResources,
  claimName,
  type EffectiveClaim,
  effectiveClaims,
  isSameType,
} from './claims/mod.ts'
export { exportOfIdentity } from './export-of-identity.ts'

/** Exports and bindings of one shard, and the types that are served because of them. */
export function createApis(services: ShardServices): Apis {
  const bound = new BoundTypes(services)
  const index = new ClaimIndex(services)
  const bindings = bindingController(services, bound)
  const claims = claimController(services, bound, index)
  return {
    catalog: catalogOf(services, bound),
    bound,
    admission: [bindPermission(services), claimLabels(index)],
    controllers: [exportController(services), bindings.controller, claims.controller],
    maximalPermissionPolicy(cluster, group, resource) {
      const found = bound.find(cluster, group, resource)
      if (found?.bound.apiExport.spec?.maximalPermissionPolicy?.local === undefined) return undefined
      return { cluster: found.bound.exportCluster }
    },
    close() {
      bindings.stop()
      claims.stop()
      index.close()
      bound.close()
    },
  }
}
