import { deepEqual } from '../../../kube/json.ts'
import type { Severity } from '../../conditions.ts'
import type { AcceptableClaim, ApiBinding, ApiExport, PermissionClaim } from '../types.ts'
import { isSameType } from './effective-claims.ts'

type Problem = { severity: Severity; reason: string; message: string }

/** What is wrong with the claims that a binding accepts (contract 6.6); `unknown` are those on types that are not there. */
export function claimProblem(
  { spec }: ApiExport,
  binding: ApiBinding,
  unknown: readonly AcceptableClaim[],
): Problem | undefined {
  const exported = spec?.permissionClaims ?? []
  const accepted = (binding.spec?.permissionClaims ?? []).filter(({ state }) => state === 'Accepted')
  const strange = accepted.filter((claim) => !exported.some((each) => isSameType(each, claim)))
  if (strange.length > 0) {
    const message = `unexpected/invalid claims for ${namesOf(strange)} (not found on APIExport)`
    return { severity: 'Error', reason: 'InvalidPermissionClaims', message }
  }
  if (unknown.length > 0) {
    const message = `claims for ${namesOf(unknown)} cannot be resolved`
    return { severity: 'Error', reason: 'InvalidPermissionClaims', message }
  }
  const differing = accepted.filter((claim) => !agrees(exported.find((each) => isSameType(each, claim))!, claim))
  if (differing.length === 0) return undefined
  const message = `verbs or selectors differ from those of the APIExport for ${namesOf(differing)}`
  return { severity: 'Warning', reason: 'PermissionClaimsMismatch', message }
}

function agrees({ verbs, defaultSelector }: PermissionClaim, claim: AcceptableClaim): boolean {
  const isSameVerbs = deepEqual([...verbs].sort(), [...claim.verbs].sort())
  return isSameVerbs && (defaultSelector === undefined || deepEqual({ ...defaultSelector }, { ...claim.selector }))
}

function namesOf(claims: readonly AcceptableClaim[]): string {
  return claims
    .map(({ group = '', resource, identityHash = '' }) => {
      const name = group === '' ? resource : `${resource}.${group}`
      return identityHash === '' ? name : `${name}:${identityHash}`
    })
    .join(', ')
}
