import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { KubeClient } from '../src/client.ts'
import { type Endpoint, parseKubeconfig } from '../src/clusters/kubeconfig.ts'

export const THINGS = { group: 'example.io', version: 'v1', resource: 'things' }

const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }
const SCHEMAS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiresourceschemas' }
const EXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
const BINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }

type Workspace = { spec: { cluster: string }; status?: { phase?: string } }

/** A sandbox of two shards, `root` and `shard-1`, with the export `things` in `root:provider` on the first. */
export class ExportLandscape {
  readonly sandbox: Sandbox
  /** The workspace of the export. */
  readonly home: Endpoint
  readonly #base: KubeClient

  private constructor(sandbox: Sandbox, login: Endpoint) {
    this.sandbox = sandbox
    this.home = { ...login, server: `${sandbox.url}/clusters/root:provider` }
    this.#base = new KubeClient(login)
  }

  static async start(): Promise<ExportLandscape> {
    const sandbox = await startSandbox({ shards: 2 })
    const landscape = new ExportLandscape(sandbox, await parseKubeconfig(sandbox.kubeconfig('base'), '.'))
    const home = landscape.cluster(await landscape.createWorkspace('provider', 'root'))
    await home.create(SCHEMAS, schema)
    const resources = [{ name: 'things', group: 'example.io', schema: schema.metadata.name, storage: { crd: {} } }]
    const apiVersion = 'apis.kcp.io/v1alpha2'
    await home.create(EXPORTS, { apiVersion, kind: 'APIExport', metadata: { name: 'things' }, spec: { resources } })
    return landscape
  }

  /** A workspace below root, on this shard; answers its logical cluster. */
  async createWorkspace(name: string, shard: string): Promise<string> {
    const location = { selector: { matchLabels: { name: shard } } }
    const spec = { type: { name: 'universal', path: 'root' }, location }
    const root = this.cluster('root')
    const apiVersion = 'tenancy.kcp.io/v1alpha1'
    await root.create(WORKSPACES, { apiVersion, kind: 'Workspace', metadata: { name }, spec })
    return await waitFor(`${name} is Ready`, async () => {
      const found = await root.get<Workspace>({ ...WORKSPACES, name })
      return found.status?.phase === 'Ready' && found.spec.cluster
    })
  }

  /** A workspace that is bound to the export; answers its logical cluster. */
  async createConsumer(name: string, shard: string): Promise<string> {
    const cluster = await this.createWorkspace(name, shard)
    const reference = { export: { path: 'root:provider', name: 'things' } }
    const apiVersion = 'apis.kcp.io/v1alpha2'
    const binding = { apiVersion, kind: 'APIBinding', metadata: { name: 'things' }, spec: { reference } }
    await this.cluster(cluster).create(BINDINGS, binding)
    await waitFor(`${name} is served things`, () => this.things(cluster).then(Boolean, () => false))
    return cluster
  }

  async unbind(cluster: string): Promise<void> {
    await this.cluster(cluster).delete({ ...BINDINGS, name: 'things' })
  }

  async createThing(cluster: string, name: string): Promise<void> {
    const thing = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name } }
    await this.cluster(cluster).create({ ...THINGS, namespace: 'default' }, thing)
  }

  async deleteThing(cluster: string, name: string): Promise<void> {
    await this.cluster(cluster).delete({ ...THINGS, namespace: 'default', name })
  }

  /** As a user of the workspace sees them. */
  async things(cluster: string): Promise<{ metadata: { name: string; labels?: Record<string, string> } }[]> {
    return (await this.cluster(cluster).list<{ metadata: { name: string } }>(THINGS)).items
  }

  cluster(name: string): KubeClient {
    return this.#base.below(`/clusters/${name}`)
  }

  async stop(): Promise<void> {
    this.#base.close()
    await this.sandbox.close()
  }
}

const schema = {
  apiVersion: 'apis.kcp.io/v1alpha1',
  kind: 'APIResourceSchema',
  metadata: { name: 'v1.things.example.io' },
  spec: {
    group: 'example.io',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { type: 'object' } }],
  },
}
