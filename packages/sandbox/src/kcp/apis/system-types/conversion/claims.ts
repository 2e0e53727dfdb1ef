import { deepEqual, isObject } from '../../../../kube/json.ts'
import type { JsonObject, JsonValue } from '../../../../kube/objects.ts'
import { isSameType } from '../../claims/effective-claims.ts'

type Claim = JsonObject & { resource: string }

const EVERY_VERB = ['*']
const ALL = { matchAll: true }
const OLD_FIELDS = ['all', 'resourceSelector']
const NEW_FIELDS = ['verbs', 'selector', 'defaultSelector']

/** The claims of a list, whatever it was taken from. */
export function claimsIn(value: JsonValue | undefined): Claim[] {
  return Array.isArray(value) ? (value.filter(isObject) as Claim[]) : []
}

/** Claims of v1alpha2 in v1alpha1; `kept` are those of v1alpha1 that they came from, as far as they did. */
export function toOldClaims(claims: readonly Claim[], kept: readonly JsonObject[] = []): Claim[] {
  return claims.map((claim) => {
    const original = kept.find((each) => isSameType(each as Claim, claim))
    return { ...without(claim, NEW_FIELDS), ...(original === undefined ? { all: true } : only(original, OLD_FIELDS)) }
  })
}

/**
 * Claims of v1alpha1 in v1alpha2; `kept` are those of v1alpha2 that v1alpha1 could not say. A resourceSelector never had an effect,
 * so it counts as all objects. `selector` tells whether the claims have one.
 */
export function toNewClaims(
  claims: readonly Claim[],
  { kept = [], selector }: { kept?: readonly JsonObject[]; selector: boolean },
): Claim[] {
  return claims.map((claim) => {
    const known = kept.find((each) => isSameType(each as Claim, claim))
    const plain = { verbs: EVERY_VERB, ...(selector && { selector: ALL }) }
    return { ...without(claim, OLD_FIELDS), ...plain, ...(known !== undefined && only(known, NEW_FIELDS)) }
  })
}

/** Whether v1alpha1 lacks the words for a claim. */
export function isBeyondOld({ verbs, selector, defaultSelector }: Claim): boolean {
  if (defaultSelector !== undefined) return true
  return !deepEqual(verbs ?? EVERY_VERB, EVERY_VERB) || !deepEqual(selector ?? ALL, ALL)
}

function without<T extends JsonObject>(object: T, names: readonly string[]): T {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name))) as T
}

function only(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.includes(name)))
}
