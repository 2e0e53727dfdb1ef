// @peculiar/x509 does not load without it.
import 'reflect-metadata'
import { randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** PEM texts, as a Secret of type kubernetes.io/tls has them. */
export type Issued = { certificate: string; key: string; authority: string }

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' }
const SIGNING = { ...KEYS, hash: 'SHA-256' }
const DAY_MS = 86_400_000
const VALID_DAYS = 90
const AUTHORITY_DAYS = 3_650
/** RFC 1035, as far as names of hosts go; a first label may be the wildcard. */
const HOST = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const LONGEST_HOST = 253

x509.cryptoProvider.set(webcrypto as Crypto)

/** A certificate authority in memory: a new one with each start, which is enough for an example. */
export class Authority {
  readonly #organization: string
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #certificate: x509.X509Certificate

  private constructor(organization: string, keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#organization = organization
    this.#keys = keys
    this.#certificate = certificate
  }

  static async create(organization: string): Promise<Authority> {
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...{ name: `CN=${organization} Root, O=${organization}`, keys, signingAlgorithm: SIGNING },
      ...validity(AUTHORITY_DAYS),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    })
    return new Authority(organization, keys, certificate)
  }

  /** A certificate for a host, with a key of its own. Throws RangeError for what is no name of a host. */
  async issue(fqdn: string): Promise<Issued> {
    if (fqdn.length > LONGEST_HOST || !HOST.test(fqdn)) throw new RangeError(`"${fqdn}" is no DNS name`)
    const keys = await newKeys()
    const certificate = await x509.X509CertificateGenerator.create({
      ...{ serialNumber: randomBytes(16).toString('hex'), subject: `O=${this.#organization}` },
      ...{ issuer: this.#certificate.subject, publicKey: keys.publicKey },
      ...{ signingKey: this.#keys.privateKey, signingAlgorithm: SIGNING },
      ...validity(VALID_DAYS),
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: fqdn }]),
        new x509.BasicConstraintsExtension(false),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    })
    const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
    return {
      certificate: certificate.toString('pem'),
      key: x509.PemConverter.encode(der, x509.PemConverter.PrivateKeyTag),
      authority: this.#certificate.toString('pem'),
    }
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  const now = Date.now()
  // Clocks differ.
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) }
}
