import type { KubeObject } from '../../../kube/objects.ts'
import type { Restriction } from '../../../kube/requests/types.ts'
import type { Resource } from '../../../kube/resource.ts'
import { claimName } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types/mod.ts'
import type { PermissionClaim } from '../../apis/types.ts'
import { claimLabelKey, claimLabelValue, exportHash, reflexiveClaimLabelValue } from '../../hashes.ts'
import { EXPORT_LABEL } from '../../names.ts'

/** Which objects of a type its provider sees: of what is claimed those with the claim's label (contract 6.4, 7.1); else all. */
export function visibilityOf(
  { resource, claim }: { resource: Resource; claim?: PermissionClaim },
  exportCluster: string,
  exportName: string,
): Restriction | undefined {
  if (claim === undefined) {
    if (resource.storage !== API_BINDINGS) return undefined
    return labelled(EXPORT_LABEL, [exportHash(exportCluster, exportName)])
  }
  if (resource.strategy.review !== undefined) return undefined
  const key = claimLabelKey(exportCluster, exportName)
  const values = [claimLabelValue({ ...claim, ...claimName(resource) })]
  return labelled(key, resource.storage === API_BINDINGS ? [...values, reflexiveClaimLabelValue()] : values)
}

function labelled(key: string, values: readonly string[]): Restriction {
  return { matches: ({ metadata }: KubeObject) => values.includes(metadata.labels?.[key] ?? '') }
}
