import type { HttpResponse } from '../../http.ts'

const CHECKS = ['ping', 'log', 'etcd']
const TEXT = 'text/plain; charset=utf-8'

/** `/livez`, `/readyz` and `/healthz`: what answers is well. `path` may name one check. */
export function healthAnswer(path: string, query: URLSearchParams): HttpResponse {
  const [, endpoint = '', check] = path.split('/')
  if (check !== undefined) {
    const known = CHECKS.includes(check)
    return { status: known ? 200 : 404, contentType: TEXT, body: known ? 'ok' : '404 page not found\n' }
  }
  if (!query.has('verbose')) return { status: 200, contentType: TEXT, body: 'ok' }
  const lines = CHECKS.map((name) => `[+]${name} ok\n`).join('')
  return { status: 200, contentType: TEXT, body: `${lines}${endpoint} check passed\n` }
}
