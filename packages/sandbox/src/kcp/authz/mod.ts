export { AuthorizerChain } from './chain.ts'
export { GUARDED_EXTRAS, homeClusters, scopeExtra, warrantExtra } from './effective-users.ts'
export { ScopedRbac } from './rbac.ts'
