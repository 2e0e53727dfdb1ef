import type { HttpResponse } from '../kube/http.ts'

/** A plain answer, as Go's http.Error gives it. */
export function plainText(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers, contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}
