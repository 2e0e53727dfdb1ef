import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpRequest } from '../kube/http.ts'
import type { Credentials } from '../kube/user.ts'
import { readBody } from './body.ts'
import { credentialsOf } from './credentials.ts'
import { parseTarget } from './target.ts'

/** One request as handlers see it. What few handlers ask for is made when they do: this is on the way of every request. */
export class Incoming implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: HttpRequest['headers']
  readonly credentials: Credentials
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #bodyLimit: number
  #body: Promise<Buffer> | undefined
  #gone: AbortController | undefined

  /** Throws StatusError for a path (400) or credentials (401) that no handler should see. */
  constructor(request: IncomingMessage, response: ServerResponse, bodyLimit: number) {
    const { path, query } = parseTarget(request.url ?? '/')
    this.method = request.method ?? 'GET'
    this.path = path
    this.query = new URLSearchParams(query)
    // Node joins what is repeated; only set-cookie, which nobody sends, would be a list.
    this.headers = request.headers as HttpRequest['headers']
    this.credentials = credentialsOf(request)
    this.#request = request
    this.#response = response
    this.#bodyLimit = bodyLimit
  }

  readonly body = (): Promise<Buffer> => {
    this.#body ??= readBody(this.#request, this.#bodyLimit)
    return this.#body
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController()
      this.#gone = gone
      if (this.#response.destroyed) gone.abort()
      this.#response.once('close', () => gone.abort())
    }
    return this.#gone.signal
  }
}
