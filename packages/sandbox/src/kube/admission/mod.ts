export { type BoundPolicies, PolicyIndex } from './policy-index.ts'
export { ValidatingPolicies } from './validating-policies.ts'
