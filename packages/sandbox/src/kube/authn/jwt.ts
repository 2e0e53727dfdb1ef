import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { parseJson, stringifyJson } from '@resource-broker/json'

export type Claims = Record<string, unknown>

/** A new private key (P-256) for `JwtSigner`, in PEM. */
export function createSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' })
}

/** Signs and checks JWTs with ES256, synchronously: token reviews and requests for tokens are answered between a read and a write. */
export class JwtSigner {
  readonly #privateKey: KeyObject
  readonly #publicKey: KeyObject
  readonly #header: string

  /** `privateKey` as of `createSigningKey`. */
  constructor(privateKey: string) {
    this.#privateKey = createPrivateKey(privateKey)
    this.#publicKey = createPublicKey(this.#privateKey)
    const der = this.#publicKey.export({ type: 'spki', format: 'der' })
    this.#header = encode({ alg: 'ES256', kid: createHash('sha256').update(der).digest('base64url') })
  }

  sign(claims: Claims): string {
    const text = `${this.#header}.${encode(claims)}`
    const signature = sign('sha256', Buffer.from(text), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }

  /** Whether this signer signed `token`. */
  signed(token: string): boolean {
    const end = token.lastIndexOf('.')
    if (!token.startsWith(`${this.#header}.`)) return false
    const signature = Buffer.from(token.slice(end + 1), 'base64url')
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' } as const
    return verify('sha256', Buffer.from(token.slice(0, end)), key, signature)
  }
}

/** Claims of a JWT, unchecked; undefined for anything else. */
export function readClaims(token: string): Claims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const claims: unknown = parseJson(Buffer.from(parts[1]!, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined
  } catch {
    return undefined
  }
}

function encode(value: object): string {
  return Buffer.from(stringifyJson(value)).toString('base64url')
}
