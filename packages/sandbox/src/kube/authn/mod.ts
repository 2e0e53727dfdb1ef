export { ANONYMOUS, AUTHENTICATED, MASTERS, parseServiceAccountName } from './groups.ts'
export { type ImpersonationLimits, impersonate } from './impersonation.ts'
export { createSigningKey } from './jwt.ts'
export {
  type AccountLookup,
  ServiceAccountTokens,
  TokenError,
} from './service-account-tokens.ts'
export { storeAccounts } from './store-accounts.ts'
export { TokenAuthenticator } from './token-authenticator.ts'
