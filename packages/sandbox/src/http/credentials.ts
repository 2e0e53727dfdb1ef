import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { StatusError } from '../kube/errors.ts'
import type { Credentials } from '../kube/user.ts'

type Certificate = NonNullable<Credentials['clientCertificate']>

/** Certificates hold for a connection, and taking one apart costs more than a small request. */
const certificates = new WeakMap<TLSSocket, Certificate | 'none' | 'untrusted'>()

/**
 * What the client showed. As in kube-apiserver a certificate that the client CA did not sign is not the same as none: with
 * no token beside it the client is refused, not anonymous. Throws StatusError 401.
 */
export function credentialsOf(request: IncomingMessage): Credentials {
  const bearerToken = bearerTokenOf(request.headers.authorization)
  const certificate = certificateOf(request.socket as TLSSocket)
  if (certificate === 'untrusted' && bearerToken === undefined) throw StatusError.unauthorized()
  return {
    ...(bearerToken !== undefined && { bearerToken }),
    ...(typeof certificate === 'object' && { clientCertificate: certificate }),
  }
}

function bearerTokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const [scheme = '', token = ''] = authorization.trim().split(' ')
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined
}

function certificateOf(socket: TLSSocket): Certificate | 'none' | 'untrusted' {
  let certificate = certificates.get(socket)
  if (certificate === undefined) {
    certificate = readCertificate(socket)
    certificates.set(socket, certificate)
  }
  return certificate
}

function readCertificate(socket: TLSSocket): Certificate | 'none' | 'untrusted' {
  const subject = socket.getPeerCertificate()?.subject as Record<string, string | string[]> | undefined
  if (subject === undefined) return 'none'
  if (!socket.authorized) return 'untrusted'
  const commonName = [subject['CN'] ?? []].flat().at(-1)
  return commonName === undefined ? 'none' : { commonName, organizations: [subject['O'] ?? []].flat() }
}
