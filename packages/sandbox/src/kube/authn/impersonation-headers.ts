import type { HttpRequest } from '../http.ts'

/** Of all headers about impersonation. */
export const IMPERSONATION_PREFIX = 'impersonate-'
const EXTRA_PREFIX = `${IMPERSONATION_PREFIX}extra-`

/** The user that headers name; empty parts are those that they do not name. */
export type WantedUser = { username: string; uid: string; groups: string[]; extra: Record<string, string[]> }

/** Reads the Impersonate-* headers; Node joins repeated ones with `, `. */
export function wantedUser(headers: HttpRequest['headers']): WantedUser {
  const list = (name: string) => headers[name]?.split(', ') ?? []
  const extra: Record<string, string[]> = Object.create(null)
  for (const name of Object.keys(headers)) {
    if (name.startsWith(EXTRA_PREFIX)) extra[decoded(name.slice(EXTRA_PREFIX.length))] = list(name)
  }
  return {
    username: headers[`${IMPERSONATION_PREFIX}user`] ?? '',
    uid: headers[`${IMPERSONATION_PREFIX}uid`] ?? '',
    groups: list(`${IMPERSONATION_PREFIX}group`),
    extra,
  }
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}
