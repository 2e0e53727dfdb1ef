import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as httpsRequest, type RequestOptions, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readKubeconfig } from '@resource-broker/kube'
import { CertificateAuthority, writeKubeconfig } from '@resource-broker/testbed'
import type { Site } from './landscape.ts'

/** A request that was held back: `arrived` resolves once it is here, `letGo` to the status that it is answered with. */
export type Held = { arrived: Promise<void>; letGo: () => Promise<number> }

type Wanted = {
  method: string
  path: string
  arrived: () => void
  gone: Promise<void>
  answered: (status: number) => void
}

/** Stands before the API server of a site and passes on what comes, as the administrator; what is asked for is held back on its way. */
export class Gate {
  /** File with which the API server is reached through here. */
  readonly kubeconfig: string
  readonly #server: Server
  readonly #target: URL
  readonly #login: RequestOptions
  readonly #wanted: Wanted[] = []

  private constructor(server: Server, target: URL, login: RequestOptions, kubeconfig: string) {
    this.#server = server
    this.#target = target
    this.#login = login
    this.kubeconfig = kubeconfig
  }

  /** Its kubeconfig is in `dir`, and has the name of the site. */
  static async before(site: Site, dir: string): Promise<Gate> {
    const { server: url, ca, credentials } = await readKubeconfig(site.kubeconfig)
    const { headers, cert, key } = await credentials.current()
    const authority = await CertificateAuthority.create('gate')
    const serving = await authority.issueServing()
    const server = createServer({ cert: serving.certificate, key: serving.key })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const here = {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ca: authority.pem,
      token: 'none',
    }
    const file = join(dir, `${site.name}.kubeconfig`)
    const kubeconfig = await writeKubeconfig({ file, name: site.name, user: 'gate', credentials: here })
    const gate = new Gate(server, new URL(url), { ca, cert, key, headers }, kubeconfig)
    server.on('request', (request, response) => void gate.#pass(request, response))
    return gate
  }

  /** Holds back the next request of this method whose path ends so. */
  hold(method: string, path: string): Held {
    const [arrived, gone, answered] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<void>(),
      Promise.withResolvers<number>(),
    ]
    this.#wanted.push({ method, path, arrived: arrived.resolve, gone: gone.promise, answered: answered.resolve })
    const letGo = () => {
      gone.resolve()
      return answered.promise
    }
    return { arrived: arrived.promise, letGo }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const held = this.#take(request)
    held?.arrived()
    await held?.gone
    const { authorization: _theirs, host: _host, ...headers } = request.headers
    const onward = httpsRequest({
      ...this.#login,
      ...{ hostname: this.#target.hostname, port: this.#target.port, method: request.method },
      path: `${this.#target.pathname.replace(/\/$/, '')}${request.url}`,
      headers: { ...headers, ...(this.#login.headers as object) },
      agent: false,
    })
    onward.on('response', (answer) => {
      held?.answered(answer.statusCode ?? 0)
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy()) // as a server that breaks off
    if (held === undefined) response.on('close', () => onward.destroy()) // a watch that nobody reads any more
    onward.end(Buffer.concat(chunks))
  }

  #take({ method, url = '' }: IncomingMessage): Wanted | undefined {
    const path = url.split('?')[0] ?? ''
    const index = this.#wanted.findIndex((wanted) => wanted.method === method && path.endsWith(wanted.path))
    return index === -1 ? undefined : this.#wanted.splice(index, 1)[0]
  }
}
