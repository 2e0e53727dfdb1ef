import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { stringifyJson } from '@resource-broker/json'
import type { Step } from './cases.ts'
import type { WebhookServer } from './webhook-server.ts'

/** A server that the cases are run against. */
export type Target = {
  name: string
  /** Without a slash at its end; may have a path. */
  url: string
  ca: string
  token: string
  webhooks: WebhookServer
}

export type Answer = { status: number; type: string; warnings: string[]; body: string }

const TYPES: Record<string, string> = {
  json: 'application/json',
  yaml: 'application/yaml',
  merge: 'application/merge-patch+json',
  patch: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
  table: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  partial: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  partials: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  aggregated: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
}

/** A watch that never gives what a case waits for ends here, with what it gave. */
const WATCH_TIMEOUT_MS = 10_000

/** Sends the step's request; `fill` puts variables into texts. */
export function sendStep(target: Target, step: Step, fill: (text: string) => string): Promise<Answer> {
  const [method = '', path = ''] = fill(step.send).split(/ (.*)/s)
  const body = bodyOf(step, fill)
  return new Promise((resolve, reject) => {
    const url = new URL(target.url)
    const options = {
      ...{ method, host: url.hostname, port: url.port, ca: target.ca },
      path: `${url.pathname === '/' ? '' : url.pathname}${path}`,
      headers: headersOf(target, step, fill, body),
      timeout: 60_000,
    }
    const call = request(options, (response) => {
      readBody(response, step.events, () => call.destroy()).then((text) => resolve(toAnswer(response, text)), reject)
    })
    call.on('timeout', () => call.destroy(new Error(`${target.name}: no answer to ${step.send}`)))
    call.on('error', reject)
    call.end(body)
  })
}

function bodyOf({ body, text, base64 }: Step, fill: (text: string) => string): string | Buffer | undefined {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  if (text !== undefined) return fill(text)
  return body === undefined ? undefined : fill(stringifyJson(body))
}

function headersOf({ token }: Target, step: Step, fill: (text: string) => string, body?: string | Buffer) {
  const { type = 'json', accept = 'json', as, groups = [], headers = {} } = step
  return {
    authorization: `Bearer ${token}`,
    // Becomes the field manager where none is given.
    'user-agent': 'differential/1.0',
    accept: TYPES[accept] ?? accept,
    // Node sets no length for the body of a DELETE.
    ...(body !== undefined && { 'content-type': TYPES[type] ?? type, 'content-length': Buffer.byteLength(body) }),
    ...(as !== undefined && { 'impersonate-user': fill(as) }),
    ...(groups.length > 0 && { 'impersonate-group': groups }),
    ...headers,
  }
}

async function readBody(response: IncomingMessage, events: number | undefined, end: () => void): Promise<string> {
  let text = ''
  const timer = events === undefined ? undefined : setTimeout(end, WATCH_TIMEOUT_MS)
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      if (events !== undefined && text.split('\n').length > events) break
    }
  } catch (error) {
    // Cut off by the timer.
    if (events === undefined) throw error
  }
  clearTimeout(timer)
  if (events !== undefined) end()
  return text
}

function toAnswer({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  const warnings = [headers['warning'] ?? []].flat()
  return { status: statusCode, type: headers['content-type'] ?? '', warnings, body }
}
