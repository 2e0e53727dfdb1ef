import { labelSelectorMatches } from '../../../kube/selectors/mod.ts'
import type { AcceptableClaim, ApiBinding, ApiExport, ClaimSelector, PermissionClaim } from '../types.ts'

const ANY_VERB = '*'

/** What is claimed, without what may be done with it. */
type ClaimedType = { group?: string; resource: string; identityHash?: string }

/** A claim that an export makes and a binding accepts (contract 6.1). */
export type EffectiveClaim = Required<ClaimedType> & { verbs: readonly string[]; selector: ClaimSelector }

/** The claims of an export that a binding to it accepts, with the verbs that both name; `*` counts where it is in both. */
export function effectiveClaims(apiExport: ApiExport, binding: ApiBinding): EffectiveClaim[] {
  const accepted = (binding.spec?.permissionClaims ?? []).filter(({ state }) => state === 'Accepted')
  return accepted.flatMap((claim) => {
    const exported = (apiExport.spec?.permissionClaims ?? []).find((each) => isSameType(each, claim))
    return exported === undefined ? [] : [effective(exported, claim)]
  })
}

/** Whether two claims are about the same type. */
export function isSameType(a: ClaimedType, b: ClaimedType): boolean {
  return (
    (a.group ?? '') === (b.group ?? '') &&
    a.resource === b.resource &&
    (a.identityHash ?? '') === (b.identityHash ?? '')
  )
}

/** Whether a claim lets its holder do something. */
export function allowsVerb({ verbs }: { verbs: readonly string[] }, verb: string): boolean {
  return verbs.includes(ANY_VERB) || verbs.includes(verb)
}

/** Whether an object with these labels is one that the claim is about (contract 6.3). */
export function selects(selector: ClaimSelector, labels: Record<string, string> | undefined): boolean {
  const { matchAll, ...labelSelector } = selector
  return matchAll === true || labelSelectorMatches(labelSelector, labels)
}

function effective(exported: PermissionClaim, { verbs, selector }: AcceptableClaim): EffectiveClaim {
  return {
    group: exported.group ?? '',
    resource: exported.resource,
    identityHash: exported.identityHash ?? '',
    verbs: exported.verbs.filter((verb) => verbs.includes(verb)),
    selector: selector ?? { matchAll: true },
  }
}
