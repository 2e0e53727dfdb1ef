import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { CertificateAuthority } from '@resource-broker/testbed'

type Json = { [key: string]: unknown }
type Review = { apiVersion: string; kind: string; request: Json & { uid: string; namespace?: string } }
type Data = { a?: string; trace?: string }

/** What a path of the server says to a request, as far as it admits or refuses it. */
const JUDGES: Record<string, (request: Json) => Json> = {
  '/allow': () => ({ allowed: true }),
  '/warn': () => ({ allowed: true, warnings: ['from the webhook'] }),
  '/silent': () => ({ allowed: false }),
  '/reason': () => ({ allowed: false, status: { code: 200, status: 'Success', reason: 'NotNice' } }),
  '/deny': (request) => {
    const { a } = dataOf(request['object'] ?? request['oldObject'])
    if (a !== 'bad' && a !== 'kept') return { allowed: true }
    const details = { causes: [{ reason: 'FieldValueInvalid', message: 'must not be', field: 'data.a' }] }
    return { allowed: false, status: { code: 422, reason: 'Invalid', message: `must not be ${a}`, details } }
  },
  '/patching': () => ({ allowed: true, patchType: 'JSONPatch', patch: base64([]) }),
  '/untyped': () => ({ allowed: true, patch: base64([{ op: 'add', path: '/data/z', value: 'z' }]) }),
  '/unfit': () => patch([{ op: 'replace', path: '/data/none/deeper', value: 'z' }]),
  '/label': () => patch([{ op: 'add', path: '/metadata/labels', value: { labelled: 'yes' } }]),
  '/x': ({ object }) => trace(object, 'x'),
  '/y': ({ object }) => trace(object, 'y'),
  '/last': ({ object }) => trace(object, 'z', { op: 'add', path: '/data/last', value: 'z' }),
  '/color': () => patch([{ op: 'add', path: '/spec/color', value: 'red' }]),
  '/size': () => patch([{ op: 'replace', path: '/spec/size', value: 2 }]),
  '/unknown-field': () => patch([{ op: 'add', path: '/spec/unheard', value: 'of' }]),
}

/** Webhooks that an API server is to ask; what they are asked is kept. */
export class WebhookServer {
  readonly url: string
  /** base64 of the PEM of the CA. */
  readonly caBundle: string
  readonly #server: Server
  readonly #seen: { path: string; review: Review }[] = []

  private constructor(server: Server, authority: string) {
    this.#server = server
    this.caBundle = Buffer.from(authority).toString('base64')
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<WebhookServer> {
    const authority = await CertificateAuthority.create('webhooks')
    const { certificate: cert, key } = await authority.issueServing()
    const server = createServer({ cert, key })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new WebhookServer(server, authority.pem)
  }

  /** What was asked about a namespace since the last time, with the path that it was asked at. */
  take(namespace: string): { path: string; review: Review }[] {
    const found = this.#seen.filter(({ review }) => review.request.namespace === namespace)
    for (const each of found) this.#seen.splice(this.#seen.indexOf(each), 1)
    return found
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const review = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Review
    const [path = ''] = (request.url ?? '').split('?')
    this.#seen.push({ path, review })
    const { uid } = review.request
    const { apiVersion, kind } = review
    const send = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    if (path === '/hang') return
    if (path === '/error') return void response.writeHead(500, { 'content-type': 'text/plain' }).end('out of order')
    if (path === '/missing') return void response.writeHead(404, { 'content-type': 'text/plain' }).end('what?')
    if (path === '/other-uid') return void send({ apiVersion, kind, response: { uid: 'another', allowed: true } })
    if (path === '/empty') return void send({ apiVersion, kind })
    send({ apiVersion, kind, response: { uid, ...JUDGES[path]!(review.request) } })
  }
}

function dataOf(object: unknown): Data {
  return ((object ?? {}) as { data?: Data }).data ?? {}
}

function trace(object: unknown, letter: string, ...more: object[]): Json {
  return patch([{ op: 'add', path: '/data/trace', value: `${dataOf(object).trace ?? ''}${letter}` }, ...more])
}

function patch(operations: object[]): Json {
  return { allowed: true, patchType: 'JSONPatch', patch: base64(operations) }
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64')
}
