import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientOptions, KubeClient } from '../src/client.ts'
import { type CredentialSource, fixed } from '../src/clusters/credentials.ts'

export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Answers that a real API server does not give on demand; one for each request, in order. Beyond the script it says nothing. */
export class ScriptedServer {
  /** `METHOD path?query` of each request. */
  readonly requests: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly #server: Server
  readonly #script: Answer[] = []

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`)
      this.headers.push(request.headers)
      request.resume()
      this.#script.shift()?.(request, response)
    })
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer()
    await new Promise<void>((resolve) => scripted.#server.listen(0, '127.0.0.1', resolve))
    return scripted
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  client(options: ClientOptions = {}, credentials: CredentialSource = fixed({ headers: {} })): KubeClient {
    const endpoint = { server: this.url, ca: undefined, servername: undefined, insecure: false, credentials }
    return new KubeClient(endpoint, { random: () => 0, ...options })
  }

  next(...answers: Answer[]): void {
    this.#script.push(...answers)
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

export function answer(status: number, body: object | string, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** The body of a refusal, as kube-apiserver writes it. */
export function status(code: number, reason: string, message: string, details: object = {}): object {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code }
}

/** A watch whose events the test sends. */
export class LiveWatch {
  #response: ServerResponse | undefined
  #waiting: string[] = []

  readonly answer: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    this.#response = response
    for (const text of this.#waiting) response.write(text)
    this.#waiting = []
  }

  send(type: string, object: object): this {
    return this.raw(`${JSON.stringify({ type, object })}\n`)
  }

  raw(text: string): this {
    if (this.#response === undefined) this.#waiting.push(text)
    else this.#response.write(text)
    return this
  }

  /** The server closes the watch in good order. */
  end(): void {
    this.#response?.end()
  }

  /** The connection breaks. */
  cut(): void {
    this.#response?.socket?.destroy()
  }

  get opened(): boolean {
    return this.#response !== undefined
  }
}
