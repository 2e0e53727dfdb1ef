import { stringifyJson } from '@resource-broker/json'

// @peculiar/x509 does not load without it.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

/** PEM texts. */
export type KeyPair = { certificate: string; key: string }

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING_ALGORITHM = { ...KEY_ALGORITHM, hash: 'SHA-256' }
const DAY_MS = 86_400_000
/** An authority is kept with a sandbox's state; what it issues is made anew at every start. */
const AUTHORITY_LIFETIME_MS = 3_650 * DAY_MS
const LIFETIME_MS = 365 * DAY_MS

/** Issues the serving certificates or the client certificates of sandboxes; the same request is answered with the same certificate. */
export class CertificateAuthority {
  /** What a client, or a server, has to trust. */
  readonly certificate: string
  readonly key: string
  readonly #certificate: x509.X509Certificate
  readonly #signingKey: webcrypto.CryptoKey
  readonly #issued = new Map<string, Promise<KeyPair>>()

  private constructor(pair: KeyPair, certificate: x509.X509Certificate, signingKey: webcrypto.CryptoKey) {
    this.certificate = pair.certificate
    this.key = pair.key
    this.#certificate = certificate
    this.#signingKey = signingKey
  }

  static async create(name: string): Promise<CertificateAuthority> {
    const keys = await generateKeys()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: [name] }],
      keys,
      signingAlgorithm: SIGNING_ALGORITHM,
      ...validity(AUTHORITY_LIFETIME_MS),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    })
    const pair = { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) }
    return new CertificateAuthority(pair, certificate, keys.privateKey)
  }

  /** The authority that `create` made, from its PEM texts. Throws for anything else. */
  static async load(pair: KeyPair): Promise<CertificateAuthority> {
    const bytes = x509.PemConverter.decodeFirst(pair.key)
    const key = await webcrypto.subtle.importKey('pkcs8', bytes, KEY_ALGORITHM, false, ['sign'])
    return new CertificateAuthority(pair, new x509.X509Certificate(pair.certificate), key)
  }

  /** A serving certificate for the loopback addresses and `hosts`, names or addresses. */
  issueServing(hosts: readonly string[]): Promise<KeyPair> {
    const all = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])]
    const names = all.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }))
    return this.#issueOnce(`serving ${all.join(' ')}`, [{ CN: ['sandbox'] }], () => [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ])
  }

  /** A client certificate: Kubernetes takes the common name as the user and the organizations as the groups. */
  issueClient(user: string, groups: readonly string[]): Promise<KeyPair> {
    const subject = [...groups.map((group) => ({ O: [group] })), { CN: [user] }]
    return this.#issueOnce(`client ${stringifyJson([user, groups])}`, subject, () => [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ])
  }

  #issueOnce(request: string, subject: x509.JsonName, extensions: () => x509.Extension[]): Promise<KeyPair> {
    const known = this.#issued.get(request)
    if (known !== undefined) return known
    const pair = this.#issue(subject, extensions())
    this.#issued.set(request, pair)
    return pair
  }

  async #issue(subject: x509.JsonName, extensions: x509.Extension[]): Promise<KeyPair> {
    const keys = await generateKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#certificate.subjectName,
      signingKey: this.#signingKey,
      publicKey: keys.publicKey,
      signingAlgorithm: SIGNING_ALGORITHM,
      ...validity(LIFETIME_MS),
      extensions,
    })
    return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) }
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
}

/** Begins a day early, for clocks that differ. */
function validity(lifetimeMs: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + lifetimeMs) }
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}
