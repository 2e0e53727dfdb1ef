import { X509Certificate } from 'node:crypto'
import type { SecretObject } from './stage.ts'

/** The certificate that a Secret holds; undefined where it holds none that parses. */
export function certificateIn(secret: SecretObject | undefined): X509Certificate | undefined {
  const encoded = secret?.data?.['tls.crt']
  if (encoded === undefined) return undefined
  try {
    return new X509Certificate(Buffer.from(encoded, 'base64'))
  } catch {
    return undefined
  }
}

/** Whether a Secret holds a certificate for `fqdn`. */
export function isFor(fqdn: string): (secret: SecretObject) => boolean {
  return (secret) => certificateIn(secret)?.checkHost(fqdn) !== undefined
}

/** What a Secret holds, for people. */
export function toldCertificate(secret: SecretObject | undefined): string {
  if (secret === undefined) return 'no Secret'
  const certificate = certificateIn(secret)
  if (certificate === undefined) return 'a Secret without a certificate that parses'
  return `a certificate for ${namesIn(certificate) || 'no name'}, valid until ${lastDayOf(certificate)}`
}

/** The names that a certificate is for, one after another. */
export function namesIn({ subjectAltName = '' }: X509Certificate): string {
  return subjectAltName.replaceAll('DNS:', '')
}

/** As YYYY-MM-DD. */
export function lastDayOf({ validToDate }: X509Certificate): string {
  return validToDate.toISOString().slice(0, 10)
}
