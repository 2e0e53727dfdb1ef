import { StatusError } from '../kube/errors.ts'

/** Where a request goes: its path percent-decoded, and its query as it came. */
export type Target = { path: string; query: string }

const ABSOLUTE = /^https?:\/\/[^/?]*/i
const CONTROL_CHARACTERS = /\p{Cc}/u

/**
 * Takes apart the target of a request line. The path is decoded once, as Go's servers do, so `/clusters/%2A/api` is
 * `/clusters/*` + `/api` (contract 1.2). Throws StatusError 400 for what could be read in two ways: `.` and `..`, empty
 * segments but the last, control characters, and escapes that are not UTF-8.
 */
export function parseTarget(target: string): Target {
  const local = target.replace(ABSOLUTE, '')
  const mark = local.indexOf('?')
  const raw = mark < 0 ? local : local.slice(0, mark)
  const path = decode(raw === '' ? '/' : raw)
  if (!path.startsWith('/')) throw StatusError.badRequest('invalid path: it has to begin with "/"')
  if (CONTROL_CHARACTERS.test(path)) throw StatusError.badRequest('invalid path: it contains control characters')
  if (path.includes('//')) throw StatusError.badRequest('invalid path: it contains an empty segment')
  const dots = path.includes('/.') ? path.split('/').find((segment) => segment === '.' || segment === '..') : undefined
  // kube-apiserver's words for a name of dots.
  if (dots !== undefined) throw StatusError.badRequest(`Name parameter invalid: "${dots}": may not be '${dots}'`)
  return { path, query: mark < 0 ? '' : local.slice(mark + 1) }
}

function decode(raw: string): string {
  // Nearly no path has escapes, and this is on the way of every request.
  if (!raw.includes('%')) return raw
  try {
    return decodeURIComponent(raw)
  } catch (error) {
    if (error instanceof URIError) throw StatusError.badRequest('invalid path: it contains an invalid URL escape')
    throw error
  }
}
