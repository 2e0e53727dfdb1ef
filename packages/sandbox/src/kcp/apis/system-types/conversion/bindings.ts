import { deepClone, isObject } from '../../../../kube/json.ts'
import type { JsonObject, KubeObject } from '../../../../kube/objects.ts'
import { APIS } from '../../../names.ts'
import { APPLIED_CLAIMS, CLAIMS, EXPORT_CLAIMS, keep, keptIn, OLD_CLAIMS } from './annotations.ts'
import { claimsIn, isBeyondOld, toNewClaims, toOldClaims } from './claims.ts'

type Place = { part: 'spec' | 'status'; field: string; kept: string; selector: boolean }

const NEW = `${APIS}/v1alpha2`
/** Where claims stand, and where what v1alpha1 cannot say of them is kept meanwhile. */
const PLACES: readonly Place[] = [
  { part: 'spec', field: 'permissionClaims', kept: CLAIMS, selector: true },
  { part: 'status', field: 'appliedPermissionClaims', kept: APPLIED_CLAIMS, selector: true },
  { part: 'status', field: 'exportPermissionClaims', kept: EXPORT_CLAIMS, selector: false },
]

/** An APIBinding in its other version, as a new object. What that one cannot say goes into annotations (contract 4.5). */
export function convertBinding(object: KubeObject, apiVersion: string): KubeObject {
  const copy = deepClone(object)
  if (copy.apiVersion === apiVersion) return copy
  copy.apiVersion = apiVersion
  const toNew = apiVersion === NEW
  const originals = toNew ? claimsIn(partOf(copy, 'spec')?.['permissionClaims']) : keptIn(copy, OLD_CLAIMS)
  for (const place of PLACES) convertAt(copy, place, toNew, originals)
  keep(copy, OLD_CLAIMS, toNew ? (originals ?? []) : [])
  return copy
}

function convertAt(copy: KubeObject, place: Place, toNew: boolean, originals: readonly JsonObject[] | undefined): void {
  const { part, field, kept, selector } = place
  const holder = partOf(copy, part)
  const found = holder?.[field]
  const claims = claimsIn(found)
  const known = keptIn(copy, kept) ?? []
  keep(copy, kept, toNew ? [] : claims.filter(isBeyondOld))
  if (holder === undefined || found === undefined) return
  holder[field] = toNew
    ? toNewClaims(claims, { kept: known, selector })
    : toOldClaims(claims, part === 'spec' ? originals : [])
}

function partOf(object: KubeObject, part: Place['part']): JsonObject | undefined {
  const found = object[part]
  return isObject(found) ? found : undefined
}
