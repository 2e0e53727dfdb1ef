// @peculiar/x509 does not load without it.
import 'reflect-metadata'
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as x509 from '@peculiar/x509'
import { BootstrapError } from '../errors.ts'

/** PEM texts. */
export type ClientCertificate = { certificate: string; key: string; expires: Date }

const HASH = 'SHA-256'
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: HASH }
const CURVES: Record<string, string> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }
const DAY_MS = 86_400_000
/** Clocks differ. */
const SKEW_MS = 300_000

/** A client certificate of a user without groups, signed by the authority in these files. @throws {BootstrapError} */
export async function issueClientCertificate(
  user: string,
  { caCert, caKey, days }: { caCert: string; caKey: string; days: number },
): Promise<ClientCertificate> {
  const authority = await read(caCert, '--client-ca-cert', (text) => new x509.X509Certificate(text))
  const signer = await read(caKey, '--client-ca-key', (text) => createPrivateKey(text))
  const algorithm = algorithmOf(signer)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const now = Date.now()
  const expires = new Date(Math.min(now + days * DAY_MS, authority.notAfter.getTime()))
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [user] }],
    issuer: authority.subjectName,
    signingKey: signer.toCryptoKey(algorithm, false, ['sign']),
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - SKEW_MS),
    notAfter: expires,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  })
  if (!(await certificate.verify({ publicKey: authority, signatureOnly: true })))
    throw new BootstrapError(`--client-ca-key: ${caKey} is not the key of ${caCert}`)
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificate: certificate.toString('pem'), key, expires }
}

/** What the parsers say may quote a key. */
async function read<T>(path: string, flag: string, parse: (text: string) => T): Promise<T> {
  const text = await readFile(path, 'utf8')
  try {
    return parse(text)
  } catch {
    throw new BootstrapError(`${flag}: ${path} is not in PEM, or of a kind that is not known`)
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { name: 'RSASSA-PKCS1-v1_5', hash: HASH }
  const namedCurve = CURVES[asymmetricKeyDetails?.namedCurve ?? '']
  if (namedCurve === undefined) throw new BootstrapError('--client-ca-key: must be an RSA or ECDSA key')
  return { name: 'ECDSA', namedCurve, hash: HASH }
}
