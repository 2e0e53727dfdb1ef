export { ANONYMOUS, AUTHENTICATED, MASTERS, parseServiceAccountName } from './groups.ts'
export { type ImpersonationLimits, impersonate, impersonationRefused } from './impersonation.ts'
export { IMPERSONATION_PREFIX } from './impersonation-headers.ts'
export { createSigningKey } from './jwt.ts'
export {
  type AccountLookup,
  type ServiceAccount,
  ServiceAccountTokens,
  TokenError,
} from './service-account-tokens.ts'
export { storeAccounts } from './store-accounts.ts'
export { TokenAuthenticator } from './token-authenticator.ts'
