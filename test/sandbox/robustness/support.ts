import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { connect, type TLSSocket } from 'node:tls'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { expect } from 'vitest'

type Call = { method?: string; headers?: Record<string, string>; body?: string | Buffer; token?: string }
export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer }
type Status = { kind: string; code: number; reason: string; message: string; details?: object }

export const ROOT = '/clusters/root'
export const CONFIG_MAPS = `${ROOT}/api/v1/namespaces/default/configmaps`

export const JSON_TYPE = { 'content-type': 'application/json' }
export const YAML_TYPE = { 'content-type': 'application/yaml' }
export const PROTOBUF_TYPE = { 'content-type': 'application/vnd.kubernetes.protobuf' }
export const APPLY_TYPE = { 'content-type': 'application/apply-patch+yaml' }
export const PATCH_TYPES = ['json-patch', 'merge-patch', 'strategic-merge-patch'].map(
  (name) => `application/${name}+json`,
)

/** What no user should read in a message: it would be the program's own words, not the server's. */
const LEAKS =
  /\bundefined\b(?! (field|reference))|\[object |NaN\b|Cannot (read|set|convert|destructure)|not a function|call stack|\.ts:\d|node:|log tells more|array length/

/** The milliseconds of CPU that this process, and the sandbox in it, take from now on, however busy the machine is otherwise. */
export function cpuMs(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
}

/** A sandbox under attack, with what it said to its log. */
export class Target {
  readonly sandbox: Sandbox
  readonly warnings: { fields: object; message: string }[]
  readonly agent: Agent
  readonly port: number

  private constructor(sandbox: Sandbox, warnings: Target['warnings']) {
    this.sandbox = sandbox
    this.warnings = warnings
    this.agent = new Agent({ keepAlive: true, ca: sandbox.ca, maxSockets: 16 })
    this.port = Number(new URL(sandbox.url).port)
  }

  static async start(): Promise<Target> {
    const warnings: Target['warnings'] = []
    const log = { warn: (fields: object, message: string) => void warnings.push({ fields, message }) }
    return new Target(await startSandbox({ log }), warnings)
  }

  async close(): Promise<void> {
    this.agent.destroy()
    await this.sandbox.close()
  }

  /** One request and its whole answer; `path` is sent as it is. */
  call(path: string, { method = 'GET', headers, body, token = this.sandbox.adminToken }: Call = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        ...{ host: '127.0.0.1', port: this.port, path, method, agent: this.agent },
        headers: {
          ...{ accept: 'application/json', authorization: `Bearer ${token}` },
          ...(body !== undefined && headers?.['transfer-encoding'] === undefined && lengthOf(body)),
          ...headers,
        },
      }
      const sent = request(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  post(path: string, body: unknown, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
    return this.call(path, { method: 'POST', headers, body: bytesOf(body) })
  }

  put(path: string, body: unknown): Promise<Answer> {
    return this.call(path, { method: 'PUT', headers: JSON_TYPE, body: bytesOf(body) })
  }

  patch(path: string, type: string, body: unknown): Promise<Answer> {
    return this.call(path, { method: 'PATCH', headers: { 'content-type': type }, body: bytesOf(body) })
  }

  async get<T>(path: string): Promise<T> {
    return json<T>(await this.call(path))
  }

  /** A connection on which the test says what it wants. */
  connect(): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.port, host: '127.0.0.1', ca: this.sandbox.ca, ALPNProtocols: ['http/1.1'] })
      socket.once('error', reject).once('secureConnect', () => {
        socket.off('error', reject)
        // A reset is one of the answers that a test may wait for; it shows as the end.
        socket.on('error', () => socket.destroy())
        resolve(socket)
      })
    })
  }

  /** The head of a request, and its body. */
  head(method: string, path: string, headers: Record<string, string> = {}): string {
    const all = { host: 'x', authorization: `Bearer ${this.sandbox.adminToken}`, ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  }

  /** Says `text` on a connection of its own, and takes the first answer apart. */
  async say(text: string | Buffer): Promise<Answer> {
    const socket = await this.connect()
    const heard = hear(socket)
    socket.write(text)
    const [head = '', ...rest] = (await heard).split('\r\n\r\n')
    const [line = '', ...fields] = head.split('\r\n')
    const pairs = fields.map((field) => field.split(': '))
    const headers = Object.fromEntries(pairs.map(([name = '', value = '']) => [name.toLowerCase(), value]))
    return { status: Number(line.split(' ')[1]), headers, body: Buffer.from(rest.join('\r\n\r\n'), 'latin1') }
  }

  /** The process lives, serves on, and found nothing that it had not expected. */
  async expectUnharmed(): Promise<void> {
    const { status, body } = await this.call(`${ROOT}/api/v1/namespaces/default`)
    expect(status, body.toString()).toBe(200)
    expect(this.warnings).toEqual([])
    expect(Object.keys(Object.prototype)).toEqual([])
  }
}

/** All that `socket` says until `until` has come, or until it ends. */
export function hear(socket: TLSSocket, until?: string | ((heard: string) => boolean)): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    let tail = ''
    const onData = (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      heard += text
      // Long texts are only looked at where they are new.
      if (typeof until === 'string') tail = (tail + text).slice(-text.length - until.length)
      if (typeof until === 'string' ? tail.includes(until) : until?.(heard)) done()
    }
    const done = () => {
      socket.off('data', onData).off('close', done)
      resolve(heard)
    }
    socket.on('data', onData).on('close', done)
  })
}

/** Holds an answer to be a refusal in the form of a Status that a person understands. */
export function expectStatus(answer: Answer, code?: number | readonly number[], message?: RegExp | string): Status {
  const text = answer.body.toString()
  expect(answer.headers['content-type'], text).toBe('application/json')
  const status = JSON.parse(text) as Status
  expect(status, text).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: answer.status })
  expect(status.reason, text).toMatch(/^[A-Z][A-Za-z]+$/)
  expect(status.message.length, text).toBeGreaterThan(5)
  expect(status.message, text).not.toMatch(LEAKS)
  if (code !== undefined) expect([code].flat(), text).toContain(answer.status)
  else expect(answer.status, text).toBeLessThan(500)
  if (message !== undefined) expect(status.message).toMatch(message)
  return status
}

export function json<T>({ status, body }: Answer): T {
  if (status < 200 || status > 299) throw new Error(`${status} ${body.toString()}`)
  return JSON.parse(body.toString()) as T
}

export function configMap(name: string, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more }
}

/** `text` within `depth` pairs of brackets. */
export function nested(depth: number, open: string, close: string, text = ''): string {
  return open.repeat(depth) + text + close.repeat(depth)
}

function bytesOf(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

/** Node does not tell it of methods that mostly have none. */
function lengthOf(body: string | Buffer): Record<string, string> {
  return { 'content-length': String(Buffer.byteLength(body)) }
}
