import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { Sandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'

export type Json = { [key: string]: unknown }
export type KubeObject = {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
    resourceVersion?: string
    ownerReferences?: { kind: string; name: string; controller?: boolean }[]
  }
  spec?: Json
  status?: Json
}
type Condition = { type: string; status: string; reason?: string; severity?: string; message?: string }

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string }
/** A Buffer is sent as it is, other bodies as JSON. */
export type CallOptions = { body?: unknown; headers?: Record<string, string | string[]> }

export const TENANCY = 'apis/tenancy.kcp.io/v1alpha1'
export const CORE = 'apis/core.kcp.io/v1alpha1'
export const TOPOLOGY = 'apis/topology.kcp.io/v1alpha1'
export const RBAC = 'apis/rbac.authorization.k8s.io/v1'
export const CRDS = 'apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const CONFIG_MAPS = 'api/v1/namespaces/default/configmaps'
export const LOGICAL_CLUSTER = `${CORE}/logicalclusters/cluster`
export const WORKSPACES = `/clusters/root/${TENANCY}/workspaces`

/** Headers by which system:masters asks as kcp's administrator, whom admission and RBAC bind. */
export const KCP_ADMIN = { 'impersonate-user': 'kcp-admin', 'impersonate-group': 'system:kcp:admin' }

/** Talks to one address as one user. */
export class Api {
  readonly url: string
  readonly ca: string
  readonly token: string

  constructor(url: string, ca: string, token: string) {
    this.url = url
    this.ca = ca
    this.token = token
  }

  /** One request and the whole answer. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const response = await this.#send(method, path, options)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    return { status: response.statusCode ?? 0, headers: response.headers, text }
  }

  /** The answer's object; fails the test on another status than 2xx. */
  async json<T = KubeObject>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const { status, text } = await this.call(method, path, options)
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`)
    return JSON.parse(text) as T
  }

  get<T = KubeObject>(path: string): Promise<T> {
    return this.json<T>('GET', path)
  }

  create(path: string, body: object): Promise<KubeObject> {
    return this.json('POST', path, { body })
  }

  merge(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('PATCH', path, { body, headers: { 'content-type': 'application/merge-patch+json', ...headers } })
  }

  async items(path: string): Promise<KubeObject[]> {
    return (await this.get<{ items: KubeObject[] }>(path)).items
  }

  /** A watch; its events are kept, and `ended` resolves when the server ends it. */
  async watch(path: string): Promise<Watch> {
    const response = await this.#send('GET', path, {})
    return new Watch(response)
  }

  /** The same address as another of the users that kcp's tests know. */
  as(token: string): Api {
    return new Api(this.url, this.ca, token)
  }

  #send(method: string, path: string, { body, headers }: CallOptions): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url)
      const sent = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
      const options = {
        ...{ method, host: hostname, port, path, ca: this.ca, agent: false as const },
        headers: {
          authorization: `Bearer ${this.token}`,
          accept: 'application/json',
          // Node sets no length for the body of a DELETE.
          ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
          ...headers,
        },
      }
      const call: ClientRequest = request(options, resolve)
      call.on('error', reject)
      call.end(sent)
    })
  }
}

export class Watch {
  readonly events: { type: string; object: KubeObject }[] = []
  readonly status: number
  readonly ended: Promise<void>
  readonly #response: IncomingMessage

  constructor(response: IncomingMessage) {
    this.#response = response
    this.status = response.statusCode ?? 0
    this.ended = this.#read()
  }

  close(): void {
    this.#response.destroy()
  }

  async #read(): Promise<void> {
    let rest = ''
    try {
      for await (const chunk of this.#response.setEncoding('utf8')) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line !== '') this.events.push(JSON.parse(line))
      }
    } catch {
      // Closed by the test, or by a server that went away.
    }
  }
}

/** The address that users have, with a token of system:masters. */
export function adminOf({ url, ca, adminToken }: Sandbox): Api {
  return new Api(url, ca, adminToken)
}

/** One shard itself. */
export function shardOf(sandbox: Sandbox, index: number): Api {
  return new Api(sandbox.shards[index]!.url, sandbox.ca, sandbox.adminToken)
}

/** Creates a Workspace and waits until it is Ready; `api` needs to be allowed to. */
export async function createWorkspace(
  api: Api,
  parent: string,
  name: string,
  { type, spec = {} }: { type?: string; spec?: Json } = {},
): Promise<KubeObject & { spec: { cluster: string; URL: string } }> {
  const path = `/clusters/${parent}/${TENANCY}/workspaces`
  const body = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { ...spec, ...(type !== undefined && { type: { name: type, path: 'root' } }) },
  }
  await api.create(path, body)
  return ready(api, `${path}/${name}`)
}

/** Waits until a Workspace is Ready. */
export async function ready(api: Api, path: string): Promise<KubeObject & { spec: { cluster: string; URL: string } }> {
  return waitFor(`${path} is Ready`, async () => {
    const workspace = await api.get(path)
    if (workspace.status?.['phase'] !== 'Ready') return undefined
    if (workspace.metadata.labels?.['tenancy.kcp.io/phase'] !== 'Ready') return undefined
    return workspace as KubeObject & { spec: { cluster: string; URL: string } }
  })
}

/** Gives a user a ClusterRole in a logical cluster. */
export async function grant(api: Api, cluster: string, user: string, role: string): Promise<void> {
  await api.create(`/clusters/${cluster}/${RBAC}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `${user}-${role.replaceAll(':', '-')}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  })
}

/** A ClusterRole with one rule. */
export async function createRole(api: Api, cluster: string, name: string, rule: Json): Promise<void> {
  await api.create(`/clusters/${cluster}/${RBAC}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [rule],
  })
}

export function conditionsOf({ status }: KubeObject): Record<string, Condition> {
  const list = (status?.['conditions'] ?? []) as Condition[]
  return Object.fromEntries(list.map((condition) => [condition.type, condition]))
}

export function messageOf({ text }: Answer): string {
  return (JSON.parse(text) as { message: string }).message
}

export function configMap(name: string, data: Record<string, string> = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}
