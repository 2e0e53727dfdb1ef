import type { HttpRequest, HttpResponse, Intercept, StreamSink } from '@resource-broker/sandbox'

/**
 * What a client gets in the place of the sandbox's own answer: a refusal, no answer although the request was performed, or an answer
 * that breaks off.
 */
export type Injected =
  | { status: number; reason: string; message: string; retryAfterSeconds?: number }
  | 'performed, and not answered'
  | 'broken off'

/** What one request gets; undefined: the sandbox's own answer. */
type Rule = (request: HttpRequest) => Injected | undefined | Promise<Injected | undefined>

/** What stands before a sandbox: answers that are given otherwise, for as long as somebody wants them so. */
export class Injections {
  readonly #rules = new Set<Rule>()
  readonly #streams = new Map<StreamSink, HttpRequest>()

  readonly intercept: Intercept = async (request, answer) => {
    const injected = await this.#injected(request)
    if (injected === undefined) return this.#followed(request, await answer(request))
    if (injected === 'performed, and not answered') {
      await answer(request)
      return await new Promise<HttpResponse>(() => undefined)
    }
    return injected === 'broken off' ? brokenOff() : refused(injected)
  }

  /** Ends the watches that are open and match; answers how many. */
  cut(matches: (request: HttpRequest) => boolean): number {
    const open = [...this.#streams].filter(([, request]) => matches(request))
    for (const [sink] of open) sink.end()
    return open.length
  }

  /** How many watches that match are open. */
  open(matches: (request: HttpRequest) => boolean): number {
    return [...this.#streams.values()].filter(matches).length
  }

  /** Has requests answered so from now on; of several rules the first that has an answer counts. Ends it when it is called. */
  add(rule: Rule): () => void {
    this.#rules.add(rule)
    return () => void this.#rules.delete(rule)
  }

  #followed(request: HttpRequest, response: HttpResponse): HttpResponse {
    if (!('stream' in response)) return response
    const stream = (sink: StreamSink) => {
      this.#streams.set(sink, request)
      request.signal.addEventListener('abort', () => this.#streams.delete(sink))
      response.stream(sink)
    }
    return { ...response, stream }
  }

  async #injected(request: HttpRequest): Promise<Injected | undefined> {
    for (const rule of this.#rules) {
      const injected = await rule(request)
      if (injected !== undefined) return injected
    }
    return undefined
  }
}

function refused({ status: code, reason, message, retryAfterSeconds }: Exclude<Injected, string>): HttpResponse {
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } }
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
    ...details,
  }
  const headers = retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }
  return { status: code, body: JSON.stringify(status), ...headers }
}

/** The head says more than what comes. */
function brokenOff(): HttpResponse {
  return {
    status: 200,
    stream: (sink) => {
      sink.write(Buffer.from('{"kind":'))
      throw new BrokenOff('the answer breaks off here')
    },
  }
}

class BrokenOff extends Error {
  override readonly name = 'BrokenOff'
}
