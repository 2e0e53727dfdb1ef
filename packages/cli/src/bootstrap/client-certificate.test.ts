import 'reflect-metadata'
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { issueClientCertificate } from './client-certificate.ts'

const RSA = {
  ...{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048 },
  publicExponent: new Uint8Array([1, 0, 1]),
}
const ECDSA = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' }
const DAY_MS = 86_400_000

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'client-certificate-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** Files of a new authority that is good for ten days. */
async function authority(name: string, algorithm: typeof RSA | typeof ECDSA) {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ name: [{ CN: [name] }], keys, signingAlgorithm: algorithm, notBefore: new Date(Date.now() - DAY_MS) },
    notAfter: new Date(Date.now() + 10 * DAY_MS),
  })
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  const files = { caCert: join(dir, `${name}.crt`), caKey: join(dir, `${name}.key`) }
  await Promise.all([writeFile(files.caCert, certificate.toString('pem')), writeFile(files.caKey, key)])
  return { ...files, pem: certificate.toString('pem') }
}

test.each([
  { kind: 'RSA', algorithm: RSA },
  { kind: 'ECDSA', algorithm: ECDSA },
])('a certificate of an $kind authority names the user, is for clients, and ends with the authority', async (given) => {
  const { pem, ...files } = await authority(given.kind, given.algorithm)
  const { certificate, key, expires } = await issueClientCertificate('resource-broker', { ...files, days: 365 })
  const read = new X509Certificate(certificate)
  const issuer = new X509Certificate(pem)
  expect(read.subject).toBe('CN=resource-broker')
  expect(read.checkIssued(issuer) && read.verify(issuer.publicKey)).toBe(true)
  expect(read.checkPrivateKey(createPrivateKey(key))).toBe(true)
  expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  expect(Date.parse(read.validTo)).toBe(Date.parse(issuer.validTo))
  expect(expires.getTime()).toBeCloseTo(Date.parse(issuer.validTo), -4)
})

test('files that are no authority are named, and what is in them is not', async () => {
  const [one, other] = [await authority('one', ECDSA), await authority('other', ECDSA)]
  const issue = (caCert: string, caKey: string) => issueClientCertificate('x', { caCert, caKey, days: 1 })
  await expect(issue(one.caCert, other.caKey)).rejects.toThrow(/other.key is not the key of .*one.crt$/)
  await expect(issue(one.caKey, one.caKey)).rejects.toThrow(/^--client-ca-cert: .*one.key is not in PEM, or/)
  await expect(issue(one.caCert, one.caCert)).rejects.toThrow(/^--client-ca-key: .*one.crt is not in PEM, or/)
})
