import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { ClusterClient, type KubeObject, parseObjects, waitFor } from '@resource-broker/testbed'

const MANIFESTS = join(import.meta.dirname, '../../kcp-certs/provider')
const WORKSPACES = '/apis/tenancy.kcp.io/v1alpha1/workspaces'

/** A sandbox of two shards with the workspace `root:provider`, which has the manifests of examples/kcp-certs. */
export class Landscape {
  readonly sandbox: Sandbox
  /** Of an administrator of the provider's workspace. */
  readonly kubeconfig: string
  readonly #dir: string
  readonly #login: { certificate: string; key: string }
  readonly #clients = new Map<string, ClusterClient>()

  private constructor(sandbox: Sandbox, dir: string) {
    this.sandbox = sandbox
    this.#dir = dir
    this.kubeconfig = join(dir, 'provider.kubeconfig')
    this.#login = loginOf(sandbox, 'kcp-admin')
  }

  static async start(): Promise<Landscape> {
    const [sandbox, dir] = await Promise.all([startSandbox({ shards: 2 }), mkdtemp(join(tmpdir(), 'issuer-'))])
    const landscape = new Landscape(sandbox, dir)
    await landscape.createWorkspace('provider', 'root')
    const text = sandbox.kubeconfig('root').replaceAll('/clusters/root', '/clusters/root:provider')
    await writeFile(landscape.kubeconfig, text, { mode: 0o600 })
    const provider = landscape.workspace('provider')
    for (const file of ['apiresourceschema.yaml', 'apiexport.yaml', 'bind-grant.yaml'])
      for (const object of await manifest(file)) await provider.apply(object)
    return landscape
  }

  /** `root`, or by its name one below it. */
  workspace(name: string): ClusterClient {
    const path = name === 'root' ? name : `root:${name}`
    const { url, ca } = this.sandbox
    const client = this.#clients.get(name) ?? new ClusterClient({ url: `${url}/clusters/${path}`, ca, ...this.#login })
    this.#clients.set(name, client)
    return client
  }

  async createWorkspace(name: string, shard: string): Promise<void> {
    const location = { selector: { matchLabels: { name: shard } } }
    const spec = { type: { name: 'universal', path: 'root' }, location }
    const root = this.workspace('root')
    await root.json('POST', WORKSPACES, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name },
      spec,
    })
    await waitFor(`workspace ${name} is Ready`, async () => {
      const { status } = await root.json('GET', `${WORKSPACES}/${name}`)
      return status?.phase === 'Ready'
    })
  }

  /** A workspace that is bound to the export as the broker binds it: all claims are accepted as they are. */
  async createConsumer(name: string, shard: string): Promise<ClusterClient> {
    await this.createWorkspace(name, shard)
    await this.accept(name, 'Accepted')
    return this.workspace(name)
  }

  /** Binds the export, or answers its claims anew. */
  async accept(name: string, state: 'Accepted' | 'Rejected'): Promise<void> {
    const [apiExport] = await manifest('apiexport.yaml')
    const claims = apiExport?.['spec'].permissionClaims as object[]
    await this.workspace(name).apply({
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name: 'certificates' },
      spec: {
        reference: { export: { path: 'root:provider', name: 'certificates' } },
        permissionClaims: claims.map((claim) => ({ ...claim, state, selector: { matchAll: true } })),
      },
    })
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close()
    await this.sandbox.close()
    await rm(this.#dir, { recursive: true, force: true })
  }
}

/** The admin token is no good here: front proxies drop its group. */
function loginOf(sandbox: Sandbox, user: string): { certificate: string; key: string } {
  const [config] = parseObjects(sandbox.kubeconfig())
  const users = config?.['users'] as { name: string; user: Record<string, string> }[]
  const found = users.find(({ name }) => name === user)?.user ?? {}
  const text = (field: string) => Buffer.from(found[field] ?? '', 'base64').toString()
  return { certificate: text('client-certificate-data'), key: text('client-key-data') }
}

async function manifest(file: string): Promise<KubeObject[]> {
  return parseObjects(await readFile(join(MANIFESTS, file), 'utf8'))
}
