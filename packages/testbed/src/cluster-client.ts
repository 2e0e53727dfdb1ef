import { readdir, readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { parseJson, stringifyJson } from '@resource-broker/json'
import { parseAllDocuments } from 'yaml'
import { waitFor } from './wait.ts'

/** A Kubernetes object as the API server sends it. */
export type KubeObject = {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; [field: string]: unknown }
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it knows to be there
  [field: string]: any
}

/** `url` may have a path, as a kcp workspace has. */
export type Credentials = { url: string; ca: string; token?: string; certificate?: string; key?: string }

/** After so long nobody answers; a busy machine takes half a minute to delete some hundred objects. */
const ANSWER_MS = 180_000

/** The API server refused; `status` is its HTTP status. */
export class ClusterError extends Error {
  readonly code = 'CLUSTER_REFUSED'
  override readonly name = 'ClusterError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ClusterError && error.status === 404
}

type ApiResource = { name: string; kind: string; namespaced: boolean }
type Answer = { status: number; body: string }

const FIELD_MANAGER = 'testbed'

/** The few calls that setting up a cluster and looking at it in a test need. The product has its own client. */
export class ClusterClient {
  readonly #credentials: Credentials
  readonly #agent: Agent
  readonly #kinds = new Map<string, ApiResource>()

  constructor(credentials: Credentials) {
    this.#credentials = credentials
    const { ca, certificate, key } = credentials
    this.#agent = new Agent({ keepAlive: true, ca, ...(certificate && key ? { cert: certificate, key } : {}) })
  }

  /** The status and text that `path` answers with; rejects only where no answer comes. */
  send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const { url, token } = this.#credentials
    const headers: Record<string, string> = { accept: 'application/json' }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = contentType
    return new Promise((resolve, reject) => {
      const call = request(
        new URL(url.replace(/\/$/, '') + path),
        { method, headers, agent: this.#agent, timeout: ANSWER_MS },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          )
          response.on('error', reject)
        },
      )
      call.on('timeout', () => call.destroy(new Error(`${method} ${path} had no answer in ${ANSWER_MS / 1000} s`)))
      call.on('error', reject)
      call.end(body === undefined ? undefined : stringifyJson(body))
    })
  }

  /** What `path` answers with, parsed; throws ClusterError. */
  async json(method: string, path: string, body?: unknown, contentType?: string): Promise<KubeObject> {
    const answer = await this.send(method, path, body, contentType)
    if (answer.status >= 300)
      throw new ClusterError(answer.status, `${method} ${path}: ${answer.status} ${answer.body}`)
    return parseJson(answer.body) as KubeObject
  }

  /** Server-side apply, forced; waits for a kind whose CRD was created a moment ago. */
  async apply(object: KubeObject): Promise<KubeObject> {
    const path = `${await this.pathOf(object)}?fieldManager=${FIELD_MANAGER}&force=true`
    return this.json('PATCH', path, object, 'application/apply-patch+yaml')
  }

  /** Applies every document of a YAML file, in order. */
  async applyFile(file: string): Promise<void> {
    for (const object of parseObjects(await readFile(file, 'utf8'))) await this.apply(object)
  }

  /** Applies every YAML file of a directory. */
  async applyDirectory(directory: string): Promise<void> {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml')).sort()
    await Promise.all(files.map((file) => this.applyFile(join(directory, file))))
  }

  /** The object that `reference` names, or undefined where there is none. */
  async get(reference: KubeObject): Promise<KubeObject | undefined> {
    try {
      return await this.json('GET', await this.pathOf(reference))
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** Asks for the deletion of the object that `reference` names; it may outlive the call by its finalizers. */
  async delete(reference: KubeObject): Promise<void> {
    await this.json('DELETE', await this.pathOf(reference))
  }

  /** The path of one object; waits up to 30 s for its kind to be served. */
  async pathOf({ apiVersion, kind, metadata }: KubeObject): Promise<string> {
    const resource = await waitFor(`${apiVersion} ${kind} is served`, () => this.#resource(apiVersion, kind))
    const namespace = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : ''
    return `${groupPath(apiVersion)}${namespace}/${resource.name}/${metadata.name}`
  }

  close(): void {
    this.#agent.destroy()
  }

  async #resource(apiVersion: string, kind: string): Promise<ApiResource | undefined> {
    const known = this.#kinds.get(`${apiVersion} ${kind}`)
    if (known !== undefined) return known
    const answer = await this.send('GET', groupPath(apiVersion))
    if (answer.status !== 200) return undefined
    const { resources } = parseJson(answer.body) as { resources: ApiResource[] }
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))
    if (found !== undefined) this.#kinds.set(`${apiVersion} ${kind}`, found)
    return found
  }
}

/** The objects of a YAML text with any number of documents. */
export function parseObjects(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null)
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}
