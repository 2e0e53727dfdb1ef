import type { HttpRequest, HttpResponse, Intercept } from '@resource-broker/sandbox'

/**
 * What a client gets in the place of the sandbox's own answer: a refusal, no answer although the request was performed, or an answer
 * that breaks off.
 */
export type Injected =
  | { status: number; reason: string; message: string; retryAfterSeconds?: number }
  | 'performed, and not answered'
  | 'broken off'

type Rule = { matches: (request: HttpRequest) => boolean; answer: Injected }

/** What stands before a sandbox: answers that are given otherwise, for as long as somebody wants them so. */
export class Injections {
  readonly #rules = new Set<Rule>()

  readonly intercept: Intercept = async (request, answer) => {
    const rule = [...this.#rules].find(({ matches }) => matches(request))
    if (rule === undefined) return await answer(request)
    if (rule.answer === 'performed, and not answered') {
      await answer(request)
      return await new Promise<HttpResponse>(() => undefined)
    }
    return rule.answer === 'broken off' ? brokenOff() : refused(rule.answer)
  }

  /** Answers requests so from now on; the latest rule that matches counts. Ends it when it is called. */
  add(matches: Rule['matches'], answer: Injected): () => void {
    const rule = { matches, answer }
    const before = [...this.#rules]
    this.#rules.clear()
    for (const each of [rule, ...before]) this.#rules.add(each)
    return () => void this.#rules.delete(rule)
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
