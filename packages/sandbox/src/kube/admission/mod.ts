export { type BoundPolicies, PolicyIndex } from './policy-index.ts'
export { ValidatingPolicies } from './validating-policies.ts'
export { webhooksNotCalled } from './webhooks-not-called.ts'
