import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { User } from '@kubernetes/client-node'
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js'
import { FileAuth } from '@kubernetes/client-node/dist/file_auth.js'
import { CredentialsError } from '../errors.ts'

/** `cert` and `key` in PEM: the same value for as long as they did not change. Header names in lower case. */
export type Credentials = {
  headers: Record<string, string | string[]>
  cert?: string | Buffer | undefined
  key?: string | Buffer | undefined
}

/** Who a client is, now. */
export type CredentialSource = {
  /** Not a promise where nothing needs to be awaited. @throws {CredentialsError} */
  current: () => Credentials | Promise<Credentials>
  /** The server did not take the present ones (401): forgets them; false where no others can be had. */
  renew: () => boolean
}

/** Certificate and key files are looked at again after this time; client-node does so with token files, client-go with both. */
const REREAD_MS = 60_000

/** The same ones for ever. */
export function fixed(credentials: Credentials): CredentialSource {
  return { current: () => credentials, renew: () => false }
}

/** A token that a file holds, as Kubernetes projects and rotates them for a pod. */
export function fromTokenFile(user: User, path: string, tls: CredentialSource): CredentialSource {
  const withFile = { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: path } } } as User
  return authenticated(() => new FileAuth(), withFile, `the token file ${path}`, tls)
}

/** What an exec plugin (client.authentication.k8s.io) prints; it runs again when that expires. */
export function fromPlugin(user: User, tls: CredentialSource): CredentialSource {
  const command = (user.exec as { command?: string } | undefined)?.command ?? ''
  return authenticated(() => new ExecAuth(), user, `the exec plugin ${command}`, tls)
}

/** What client-node's authenticators fill in; its own type knows Node's request options. */
type Options = { headers: Record<string, string>; cert?: string; key?: string }
type Authenticator = { applyAuthentication: (user: User, options: never) => Promise<void> }

function authenticated(create: () => Authenticator, user: User, what: string, tls: CredentialSource): CredentialSource {
  let authenticator = create()
  let running: Promise<Credentials> | undefined
  const ask = async (): Promise<Credentials> => {
    const options: Options = { headers: {} }
    await authenticator.applyAuthentication(user, options as never)
    const { Authorization: authorization, ...others } = options.headers
    const { headers, ...certificate } = await tls.current()
    const own = options.cert !== undefined && options.key !== undefined ? { cert: options.cert, key: options.key } : {}
    const token = authorization === undefined ? {} : { authorization: authorization.trim() }
    return { ...certificate, ...own, headers: { ...headers, ...others, ...token } }
  }
  return {
    current: () => {
      // Requests that start together share one run of the plugin.
      running ??= ask()
        .catch((cause: unknown) => {
          throw failure(what, cause)
        })
        .finally(() => {
          running = undefined
        })
      return running
    },
    renew: () => {
      authenticator = create()
      return true
    },
  }
}

/** A JSON parser's message quotes what it read, here a token. */
function failure(what: string, cause: unknown): CredentialsError {
  if (cause instanceof SyntaxError) return new CredentialsError(`${what} did not answer JSON`)
  return new CredentialsError(`${what} failed: ${(cause as Error).message.trim()}`, { cause })
}

/** A client certificate in files, which may be replaced at any time. @throws if they cannot be read now */
export async function fromCertificateFiles(
  certFile: string,
  keyFile: string,
  others: Credentials,
): Promise<CredentialSource> {
  const read = async (): Promise<Credentials> => {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    return { ...others, cert, key }
  }
  let known = await read()
  let readAt = performance.now()
  const refresh = async (): Promise<Credentials> => {
    readAt = performance.now()
    const fresh = await read().catch(() => known)
    if (!same(fresh, known) && matches(fresh)) known = fresh
    return known
  }
  return {
    current: () => (performance.now() - readAt < REREAD_MS ? known : refresh()),
    renew: () => {
      readAt = Number.NEGATIVE_INFINITY
      return true
    },
  }
}

function same(a: Credentials, b: Credentials): boolean {
  return String(a.cert) === String(b.cert) && String(a.key) === String(b.key)
}

/** Files that are replaced one after the other do not fit for a moment. */
function matches({ cert, key }: Credentials): boolean {
  try {
    return new X509Certificate(cert ?? '').checkPrivateKey(createPrivateKey(key ?? ''))
  } catch {
    return false
  }
}
