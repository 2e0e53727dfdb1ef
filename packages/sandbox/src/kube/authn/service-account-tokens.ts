import { randomUUID } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import { LRUCache } from 'lru-cache'
import type { KubeObject } from '../objects.ts'
import type { UserInfo } from '../user.ts'
import { serviceAccountGroups, serviceAccountName } from './groups.ts'
import { type Claims, JwtSigner, readClaims } from './jwt.ts'

/** Clocks may differ by this much, as in go-jose. */
const LEEWAY_SECONDS = 60
const KNOWN_TOKENS = 1_000

const CREDENTIAL_ID_EXTRA = 'authentication.kubernetes.io/credential-id'
const LEGACY_PREFIX = 'kubernetes.io/serviceaccount/'

export type ServiceAccount = { cluster: string; namespace: string; name: string; uid: string }

/** Reads what a token is bound to; undefined when it is gone. */
export interface AccountLookup {
  serviceAccount(cluster: string, namespace: string, name: string): KubeObject | undefined
  secret(cluster: string, namespace: string, name: string): KubeObject | undefined
}

export type TokenRequest = {
  account: ServiceAccount
  /** None: those of the API server. */
  audiences: readonly string[]
  expirationSeconds: number
  /** The token dies with this Secret. */
  secret?: { name: string; uid: string }
  now: Date
}

export type ServiceAccountTokenOptions = {
  /** As of `createSigningKey`. */
  signingKey: string
  issuer: string
  /** Key of the extra that names the logical cluster of an account. */
  clusterExtra: string
  accounts: AccountLookup
  now?: () => Date
}

export type TokenUser = { user: UserInfo; audiences: readonly string[] }

/** Why a token is not accepted, in kube-apiserver's words. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
}

type Bound = {
  cluster: string
  namespace: string
  account: { name: string; uid: string }
  secret?: { name: string; uid?: string }
}

/** What a token of this issuer says, whenever it is asked. */
type Known = { claims: Claims; bound: Bound; user: UserInfo }

/** Issues and checks the JWTs of service accounts; each is bound to one logical cluster. */
export class ServiceAccountTokens {
  /** Audiences that the API server takes, and gives to tokens without. */
  readonly audiences: readonly string[]
  readonly #issuer: string
  readonly #clusterExtra: string
  readonly #signer: JwtSigner
  readonly #accounts: AccountLookup
  readonly #now: () => Date
  /**
   * What tokens with a good signature say: checking a signature costs more than the rest of a small request. It
   * follows from their text alone, so nothing outdates it; whether they still hold is asked each time.
   */
  readonly #known = new LRUCache<string, Known>({ max: KNOWN_TOKENS })

  constructor(options: ServiceAccountTokenOptions) {
    const { signingKey, issuer, clusterExtra, accounts, now = () => new Date() } = options
    this.#clusterExtra = clusterExtra
    this.#issuer = issuer
    this.#signer = new JwtSigner(signingKey)
    this.#accounts = accounts
    this.#now = now
    this.audiences = [issuer]
  }

  /** A token that expires, as `serviceaccounts/token` gives it. */
  issue({ account, audiences, expirationSeconds, secret, now }: TokenRequest): string {
    const seconds = Math.floor(now.getTime() / 1000)
    return this.#signer.sign({
      aud: audiences.length === 0 ? this.audiences : audiences,
      exp: seconds + expirationSeconds,
      iat: seconds,
      iss: this.#issuer,
      jti: randomUUID(),
      'kubernetes.io': {
        clusterName: account.cluster,
        namespace: account.namespace,
        serviceaccount: { name: account.name, uid: account.uid },
        ...(secret !== undefined && { secret }),
      },
      nbf: seconds,
      sub: serviceAccountName(account.namespace, account.name),
    })
  }

  /** A token without end for a Secret of type `kubernetes.io/service-account-token`; it dies with the Secret. */
  issueForSecret(account: ServiceAccount, secretName: string): string {
    return this.#signer.sign({
      iss: this.#issuer,
      [`${LEGACY_PREFIX}clusterName`]: account.cluster,
      [`${LEGACY_PREFIX}namespace`]: account.namespace,
      [`${LEGACY_PREFIX}secret.name`]: secretName,
      [`${LEGACY_PREFIX}service-account.name`]: account.name,
      [`${LEGACY_PREFIX}service-account.uid`]: account.uid,
      sub: serviceAccountName(account.namespace, account.name),
    })
  }

  /**
   * The service account of a token, and the audiences that it shares with `audiences`; undefined for a token that is not of this
   * issuer. Throws TokenError for one that is but does not hold any more.
   */
  verify(token: string, audiences: readonly string[] = this.audiences): TokenUser | undefined {
    const known = this.#known.get(token) ?? this.#read(token)
    if (known === undefined) return undefined
    this.#checkTimes(known.claims)
    const shared = this.#sharedAudiences(known.claims, audiences)
    this.#checkBound(known.bound)
    return { user: known.user, audiences: shared }
  }

  /** undefined for a token of another issuer. Throws TokenError. */
  #read(token: string): Known | undefined {
    const claims = readClaims(token)
    if (claims?.['iss'] !== this.#issuer) return undefined
    const bound = this.#signer.signed(token) ? boundObjects(claims) : undefined
    if (bound === undefined) throw new TokenError('invalid bearer token')
    const known = { claims, bound, user: userOf(bound, claims, this.#clusterExtra) }
    this.#known.set(token, known)
    return known
  }

  #checkTimes({ exp, nbf }: Claims): void {
    const now = this.#now().getTime() / 1000
    if (typeof exp === 'number' && now - LEEWAY_SECONDS > exp) throw new TokenError('service account token has expired')
    if (typeof nbf === 'number' && now + LEEWAY_SECONDS < nbf) {
      throw new TokenError('service account token is not valid yet')
    }
  }

  /** A token for a Secret has no audience of its own and counts as one for the API server. */
  #sharedAudiences({ aud }: Claims, wanted: readonly string[]): string[] {
    const own = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? (aud as string[]) : this.audiences
    const shared = wanted.filter((each) => own.includes(each))
    if (shared.length > 0) return shared
    const show = (list: readonly string[]) => `[${list.map((each) => stringifyJson(each)).join(' ')}]`
    throw new TokenError(`token audiences ${show(own)} is invalid for the target audiences ${show(wanted)}`)
  }

  #checkBound({ cluster, namespace, account, secret }: Bound): void {
    const found = this.#accounts.serviceAccount(cluster, namespace, account.name)
    if (found === undefined) throw new TokenError(`serviceaccounts "${account.name}" not found`)
    const uid = found.metadata.uid
    if (uid !== account.uid) {
      throw new TokenError(`service account UID (${uid}) does not match claim (${account.uid})`)
    }
    if (secret === undefined) return
    const bearer = this.#accounts.secret(cluster, namespace, secret.name)
    if (bearer === undefined || (secret.uid !== undefined && bearer.metadata.uid !== secret.uid)) {
      throw new TokenError('service account token has been invalidated')
    }
  }
}

function userOf({ cluster, namespace, account }: Bound, { jti }: Claims, clusterExtra: string): UserInfo {
  return {
    username: serviceAccountName(namespace, account.name),
    uid: account.uid,
    groups: serviceAccountGroups(namespace),
    extra: {
      ...(typeof jti === 'string' && { [CREDENTIAL_ID_EXTRA]: [`JTI=${jti}`] }),
      [clusterExtra]: [cluster],
    },
  }
}

function boundObjects(claims: Claims): Bound | undefined {
  const own = claims['kubernetes.io'] as
    | { clusterName: string; namespace: string; serviceaccount: Bound['account']; secret?: Bound['secret'] }
    | undefined
  if (own !== undefined) {
    const { clusterName: cluster, namespace, serviceaccount: account, secret } = own
    return { cluster, namespace, account, ...(secret !== undefined && { secret }) }
  }
  const text = (key: string) => claims[`${LEGACY_PREFIX}${key}`]
  const [cluster, namespace, secretName] = [text('clusterName'), text('namespace'), text('secret.name')]
  const [name, uid] = [text('service-account.name'), text('service-account.uid')]
  const all = [cluster, namespace, secretName, name, uid]
  if (!all.every((each) => typeof each === 'string')) return undefined
  return {
    cluster: String(cluster),
    namespace: String(namespace),
    account: { name: String(name), uid: String(uid) },
    secret: { name: String(secretName) },
  }
}
