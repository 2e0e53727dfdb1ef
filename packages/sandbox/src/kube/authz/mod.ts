export { bootstrapPolicySource } from './bootstrap-policy.ts'
export { escalationComplaint, FULL_AUTHORITY, mayEscalate } from './escalation.ts'
export { forbidden } from './forbidden.ts'
export { missingRole } from './granted-rules.ts'
export {
  type Policy,
  PolicyIndex,
  type PolicyRule,
  type PolicySource,
  type RoleRef,
  type Subject,
} from './policy.ts'
export { RbacAuthorizer, type ResolvedRules } from './rbac-authorizer.ts'
export { ruleAllows } from './rule-match.ts'
export { StorePolicySource } from './store-policy.ts'
