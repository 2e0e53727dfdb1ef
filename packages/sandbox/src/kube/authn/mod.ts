export { ANONYMOUS, AUTHENTICATED, MASTERS, parseServiceAccountName, UNAUTHENTICATED } from './groups.ts'
export { type ImpersonationLimits, impersonate } from './impersonation.ts'
export { createSigningKey } from './jwt.ts'
export {
  type AccountLookup,
  type ServiceAccount,
  ServiceAccountTokens,
  TokenError,
} from './service-account-tokens.ts'
export { storeAccounts } from './store-accounts.ts'
export { type AuthenticatorOptions, TokenAuthenticator } from './token-authenticator.ts'
