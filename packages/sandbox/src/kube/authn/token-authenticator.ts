import { StatusError } from '../errors.ts'
import type { Credentials, UserInfo } from '../user.ts'
import { ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED } from './groups.ts'
import { type ServiceAccountTokens, TokenError, type TokenUser } from './service-account-tokens.ts'

export type AuthenticatorOptions = {
  /** Whose a token is that no service account has. */
  knownUser: (token: string) => UserInfo | undefined
  serviceAccounts: ServiceAccountTokens
}

/** Turns what a client showed into a user. */
export class TokenAuthenticator {
  readonly #knownUser: AuthenticatorOptions['knownUser']
  readonly #serviceAccounts: ServiceAccountTokens

  constructor({ knownUser, serviceAccounts }: AuthenticatorOptions) {
    this.#knownUser = knownUser
    this.#serviceAccounts = serviceAccounts
  }

  /** A certificate counts before a token; without either it is `system:anonymous`. Throws StatusError 401 for a bad token. */
  authenticate({ clientCertificate, bearerToken }: Credentials): UserInfo {
    if (clientCertificate !== undefined) {
      const { commonName, organizations } = clientCertificate
      return authenticated({ username: commonName, groups: organizations, extra: {} }, clientCertificate)
    }
    if (bearerToken === undefined || bearerToken === '') return ANONYMOUS
    try {
      return this.authenticateToken(bearerToken).user
    } catch (error) {
      if (error instanceof TokenError) throw StatusError.unauthorized()
      throw error
    }
  }

  /** The user of a bearer token, and which of `audiences` it is for. Throws TokenError. */
  authenticateToken(token: string, audiences: readonly string[] = this.#serviceAccounts.audiences): TokenUser {
    const known = this.#knownUser(token)
    if (known !== undefined) {
      // A token without audiences is for the API server, and for nobody else.
      const own = this.#serviceAccounts.audiences
      const shared = audiences.filter((each) => own.includes(each))
      if (shared.length === 0) throw new TokenError('invalid bearer token')
      return { user: authenticated(known), audiences: shared }
    }
    const account = this.#serviceAccounts.verify(token, audiences)
    if (account === undefined) throw new TokenError('invalid bearer token')
    return { user: authenticated(account.user), audiences: account.audiences }
  }
}

/** Of users and client certificates, neither of which ever changes, so that the same one is the same object with each request. */
const authenticatedUsers = new WeakMap<object, UserInfo>()

/** With the group of all who said who they are. `shown` tells that it is the same user again. */
function authenticated(user: UserInfo, shown: object = user): UserInfo {
  const known = authenticatedUsers.get(shown)
  if (known !== undefined) return known
  const isMember = user.groups.includes(AUTHENTICATED) || user.groups.includes(UNAUTHENTICATED)
  const made = isMember ? user : { ...user, groups: [...user.groups, AUTHENTICATED] }
  authenticatedUsers.set(shown, made)
  return made
}
