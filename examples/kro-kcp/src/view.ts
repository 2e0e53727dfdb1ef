import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { CertificateAuthority } from '@resource-broker/testbed'
import { type ApiGroups, joinGroups, sideOf } from './routes.ts'

export type ViewOptions = {
  /** URL of the provider's workspace. */
  provider: string
  /** URL of one consumer's workspace in the export's virtual workspace. */
  exported: string
  ca: string | Buffer | undefined
}

/** `ca` is of the view's own certificate. */
export type View = { url: string; ca: string; close: () => void }

/**
 * Serves one Kubernetes API that is put together of two, on a free port of the loopback address. Who asks has to say who he is to both:
 * the view has no credentials of its own and hands on those of each request.
 */
export async function serveView(options: ViewOptions): Promise<View> {
  const upstreams = new Upstreams(options)
  // Clients of Kubernetes keep their credentials from a server without TLS.
  const authority = await CertificateAuthority.create('kro-kcp view')
  const { certificate: cert, key } = await authority.issueServing()
  const server = createServer({ cert, key }, (incoming, response) => {
    answer(upstreams, incoming, response).catch((error: Error) => refuse(response, error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.pem,
    close() {
      server.close()
      server.closeAllConnections()
      upstreams.close()
    },
  }
}

async function answer(upstreams: Upstreams, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (incoming.url ?? '/').split('?')
  const side = sideOf(path)
  if (side === 'both') return answerGroups(upstreams, incoming, response)
  const sent = upstreams.send(side, incoming)
  // A watch that nobody reads any more ends at the server too.
  response.once('close', () => sent.request.destroy())
  const [answered] = await Promise.all([sent.answer, pipeline(incoming, sent.request)])
  response.writeHead(answered.statusCode ?? 502, answered.headers)
  // Those who watch wait for the head before the first event.
  response.flushHeaders()
  await pipeline(answered, response)
}

/** In the plain form of discovery, which every client understands; what refuses is handed on. */
async function answerGroups(upstreams: Upstreams, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const lists = await Promise.all((['provider', 'export'] as const).map((side) => upstreams.groups(side, incoming)))
  const [provider, exported] = lists as [Groups, Groups]
  const refused = lists.find(({ status }) => status !== 200)
  const text =
    refused?.text ?? JSON.stringify(joinGroups(JSON.parse(provider.text) as ApiGroups, JSON.parse(exported.text)))
  response.writeHead(refused?.status ?? 200, { 'content-type': 'application/json' }).end(text)
}

function refuse(response: ServerResponse, error: Error): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: 502,
    message: `the view: ${error.message}`,
  }
  response.writeHead(502, { 'content-type': 'application/json' }).end(JSON.stringify(status))
}

type Asked = Pick<IncomingMessage, 'method' | 'url' | 'headers'>
type Sent = { request: ClientRequest; answer: Promise<IncomingMessage> }
type Groups = { status: number; text: string }

/** Of one connection each, not of a request. */
const HOP_BY_HOP = ['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade']

class Upstreams {
  readonly #urls: Record<'provider' | 'export', string>
  readonly #agent: Agent

  constructor({ provider, exported, ca }: ViewOptions) {
    this.#urls = { provider, export: exported }
    this.#agent = new Agent({ keepAlive: true, ca })
  }

  /** The same request to one side; its body is the caller's to write. */
  send(side: 'provider' | 'export', { method, url, headers }: Asked): Sent {
    const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name))
    const sent = request(new URL(this.#urls[side] + (url ?? '/')), {
      method,
      headers: Object.fromEntries(kept),
      agent: this.#agent,
    })
    const answer = new Promise<IncomingMessage>((resolve, reject) =>
      sent.once('response', resolve).once('error', reject),
    )
    return { request: sent, answer }
  }

  async groups(side: 'provider' | 'export', asked: Asked): Promise<Groups> {
    const headers = { ...asked.headers, accept: 'application/json', 'accept-encoding': 'identity' }
    const sent = this.send(side, { method: 'GET', url: '/apis', headers })
    sent.request.end()
    const answered = await sent.answer
    let text = ''
    for await (const chunk of answered.setEncoding('utf8')) text += chunk
    return { status: answered.statusCode ?? 502, text }
  }

  close(): void {
    this.#agent.destroy()
  }
}
