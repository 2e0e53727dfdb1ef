import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'
import { isObject, parseJson } from '../../json.ts'
import type { JsonValue } from '../../objects.ts'

/** Where a list goes on. `revision` -1 means: as things are now, although the list began at an older state. */
export type Continuation = { revision: number; after: { cluster: string; namespace: string; name: string } }

const VERSION = 'meta.k8s.io/v1'

/** As kube-apiserver's tokens, with the cluster in front of the start key. */
export function encodeContinue({ revision, after }: Continuation): string {
  const start = [after.cluster, after.namespace, `${after.name}\u0000`].join('/')
  return Buffer.from(stringifyJson({ v: VERSION, rv: revision, start })).toString('base64url')
}

/** Throws StatusError 400. */
export function decodeContinue(token: string): Continuation {
  const value = parse(token)
  const { v, rv, start } = isObject(value) ? value : {}
  if (v !== VERSION)
    throw invalidToken(`continue key is not valid: server does not recognize this encoded version ${v ?? ''}`)
  if (typeof rv !== 'number' || rv === 0 || !Number.isSafeInteger(rv)) {
    throw invalidToken('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') {
    throw invalidToken('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  }
  const [cluster = '', namespace = '', name = '', ...more] = start.split('/')
  const isClean = more.length === 0 && ![cluster, namespace, name].some((part) => part === '.' || part === '..')
  if (!isClean) throw invalidToken(`continue key is not valid: ${start}`)
  return { revision: rv, after: { cluster, namespace, name: name.endsWith('\0') ? name.slice(0, -1) : name } }
}

function parse(token: string): JsonValue {
  if (!/^[A-Za-z0-9_-]*$/.test(token)) throw invalidToken('continue key is not valid: illegal base64 data')
  const bytes = Buffer.from(token, 'base64url')
  // Go's parser looks at bytes, and shows them as the characters of Latin-1.
  if ((bytes[0] ?? 0) >= 0x80) {
    const shown = goQuote(String.fromCharCode(bytes[0]!)).slice(1, -1)
    throw invalidToken(`continue key is not valid: invalid character '${shown}' looking for beginning of value`)
  }
  try {
    return parseJson(bytes)
  } catch (error) {
    throw invalidToken(`continue key is not valid: ${(error as Error).message}`)
  }
}

function invalidToken(why: string): StatusError {
  return StatusError.badRequest(`invalid continue token: ${why}`)
}
