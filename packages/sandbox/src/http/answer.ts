import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../kube/errors.ts'
import type { HttpResponse } from '../kube/http.ts'
import type { Outlets } from './outlets.ts'

/** As in kube-apiserver: smaller bodies are not worth the time, and the lowest level gives most of the gain. */
const GZIP_THRESHOLD_BYTES = 128 * 1024
const GZIP_LEVEL = 1
/** Bigger bodies are sent piece by piece, so that a client that does not read them is found. */
const PIECE_BYTES = 64 * 1024
const JSON_TYPE = 'application/json'

const deflate = promisify(gzip)

/** Sends what a handler answered. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: HttpResponse,
  outlets: Outlets,
): Promise<void> {
  const headers: Record<string, string | number> = {
    'cache-control': 'no-cache, private',
    'content-type': answer.contentType ?? JSON_TYPE,
    ...answer.headers,
  }
  if ('stream' in answer) return stream(request, response, answer, headers, outlets)
  if (answer.status === 304) return notModified(response, headers)
  let body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  if (body.length > GZIP_THRESHOLD_BYTES && takesGzip(request)) {
    body = await deflate(body, { level: GZIP_LEVEL })
    headers['content-encoding'] = 'gzip'
    // Caches that forget `Accept` would give one client the form that another one asked for.
    headers['vary'] = headers['vary'] === undefined ? 'Accept-Encoding' : `${headers['vary']}, Accept-Encoding`
  }
  headers['content-length'] = body.length
  response.writeHead(answer.status, headers)
  if (body.length <= PIECE_BYTES || request.method === 'HEAD') return void response.end(body)
  const outlet = outlets.add(response)
  for (let at = 0; at < body.length; at += PIECE_BYTES) outlet.write(body.subarray(at, at + PIECE_BYTES))
  outlet.end()
}

/** Clients' caches put the headers of this answer on the body that they have: it must not say another type or length. */
function notModified(response: ServerResponse, headers: Record<string, string | number>): void {
  const { 'content-type': _, ...kept } = headers
  response.writeHead(304, kept).end()
}

/** The Status of an error, as kube-apiserver sends it. */
export function statusAnswer(error: StatusError): HttpResponse {
  const retryAfter = error.details?.retryAfterSeconds
  return {
    status: error.code,
    body: `${stringifyJson(error.status)}\n`,
    ...(retryAfter !== undefined && retryAfter > 0 && { headers: { 'retry-after': String(retryAfter) } }),
  }
}

/** What a client is told of an error that nobody meant it to see. */
export function unexpectedAnswer(): HttpResponse {
  return statusAnswer(StatusError.internal("the request could not be handled; the server's log tells more"))
}

function stream(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Extract<HttpResponse, { stream: unknown }>,
  headers: Record<string, string | number>,
  outlets: Outlets,
): void {
  response.writeHead(answer.status, headers)
  if (request.method === 'HEAD') return void response.end()
  // Clients wait for the head before they count a watch as started, however long the first event takes.
  response.flushHeaders()
  answer.stream(outlets.add(response))
}

function takesGzip(request: IncomingMessage): boolean {
  const accepted = request.headers['accept-encoding']
  return typeof accepted === 'string' && accepted.split(',').some((each) => each.trim() === 'gzip')
}
