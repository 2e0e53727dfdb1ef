export { bootstrapContent, bootstrapExports, registerShard } from './bootstrap.ts'
export { identitiesOf, rootExportKeys } from './identities.ts'
export { kcpPolicySource } from './policy.ts'
export { copyRoot, rememberRoot } from './template.ts'
