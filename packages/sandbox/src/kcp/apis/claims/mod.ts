export { claimedResources, claimName } from './claimed-resource.ts'
export { allowsVerb, type EffectiveClaim, effectiveClaims, isSameType, selects } from './effective-claims.ts'
