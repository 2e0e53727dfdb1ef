import { StatusError } from '../errors.ts'
import type { Credentials, UserInfo } from '../user.ts'
import { ANONYMOUS, AUTHENTICATED, MASTERS, UNAUTHENTICATED } from './groups.ts'
import { type ServiceAccountTokens, TokenError, type TokenUser } from './service-account-tokens.ts'

/** `user-1-token` is user-1 of group team-1: the tokens that kcp's own tests carry (contract 12.1). */
const TEST_TOKEN = /^user-(\d+)-token$/
const ADMIN_TOKEN = 'admin-token'

export type AuthenticatorOptions = {
  /** Tokens that the sandbox made itself, and whose they are. */
  tokens: ReadonlyMap<string, UserInfo>
  serviceAccounts: ServiceAccountTokens
}

/** Turns what a client showed into a user. */
export class TokenAuthenticator {
  readonly #tokens: ReadonlyMap<string, UserInfo>
  readonly #serviceAccounts: ServiceAccountTokens

  constructor({ tokens, serviceAccounts }: AuthenticatorOptions) {
    this.#tokens = tokens
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
    const known = this.#tokens.get(token) ?? testUser(token)
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

function testUser(token: string): UserInfo | undefined {
  if (token === ADMIN_TOKEN) return { username: 'admin', groups: [MASTERS], extra: {} }
  const number = TEST_TOKEN.exec(token)?.[1]
  return number === undefined ? undefined : { username: `user-${number}`, groups: [`team-${number}`], extra: {} }
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
