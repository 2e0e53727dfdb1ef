import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { KubeClient } from '../client.ts'
import { type Endpoint, parseKubeconfig } from '../clusters/kubeconfig.ts'
import { Connections } from './connections.ts'
import { ExportEndpoints } from './export-endpoints.ts'
import { LogicalClusters } from './logical-clusters.ts'

const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }
const SCHEMAS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiresourceschemas' }
const EXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
const BINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }
const THINGS = { group: 'example.io', version: 'v1', resource: 'things' }
const SHARDS = ['root', 'shard-1']

describe('the logical clusters behind an APIExport', () => {
  let sandbox: Sandbox
  let login: Endpoint
  let base: KubeClient
  let platform: KubeClient

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 2 })
    login = await parseKubeconfig(sandbox.kubeconfig('base'), '.')
    base = new KubeClient(login)
    await createWorkspace('platform', 'root')
    platform = base.below('/clusters/root:platform')
    await platform.create(SCHEMAS, schema)
    const resources = [{ name: 'things', group: 'example.io', schema: 'v1.things.example.io', storage: { crd: {} } }]
    await platform.create(EXPORTS, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'things' },
      spec: { resources },
    })
  })
  afterAll(async () => {
    base.close()
    await sandbox.close()
  })

  async function createWorkspace(name: string, shard: string): Promise<string> {
    const spec = {
      type: { name: 'universal', path: 'root' },
      location: { selector: { matchLabels: { name: shard } } },
    }
    const root = base.below('/clusters/root')
    await root.create(WORKSPACES, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name },
      spec,
    })
    return waitFor(`${name} is Ready`, async () => {
      type Workspace = { spec: { cluster: string }; status?: { phase?: string } }
      const found = await root.get<Workspace>({ ...WORKSPACES, name })
      return found.status?.phase === 'Ready' ? found.spec.cluster : undefined
    })
  }

  /** A workspace with a binding to the export, and its logical cluster. */
  async function createConsumer(name: string, shard: string): Promise<string> {
    const cluster = await createWorkspace(name, shard)
    const reference = { export: { path: 'root:platform', name: 'things' } }
    await base.below(`/clusters/${cluster}`).create(BINDINGS, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name: 'things' },
      spec: { reference },
    })
    return cluster
  }

  async function followThings() {
    const endpoints = new ExportEndpoints(platform, 'things')
    await endpoints.start()
    const connections = new Connections(login)
    const clusters = new LogicalClusters(endpoints, connections)
    await clusters.start()
    onTestFinished(() => {
      endpoints.stop()
      clusters.stop()
      connections.close()
    })
    return { endpoints, clusters }
  }

  test('are found on every shard, with a client for each', async () => {
    const names = await Promise.all(SHARDS.map((shard) => createConsumer(`found-${shard}`, shard)))
    const { endpoints, clusters } = await followThings()
    for (const [i, name] of names.entries()) {
      const cluster = await waitFor(`${name} is known`, () => clusters.get(name))
      expect(cluster.path).toBe(`root:found-${SHARDS[i]}`)
      expect(cluster.endpoint).toContain(sandbox.shards[i]?.virtualWorkspaceUrl)
      const thing = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name: 'made' } }
      await cluster.client.create({ ...THINGS, namespace: 'default' }, thing)
      const seen = await base.below(`/clusters/${name}`).list({ ...THINGS, namespace: 'default' })
      expect(seen.items).toHaveLength(1)
    }
    expect(endpoints.urls).toHaveLength(2)
    expect(clusters.all.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
  })

  test('join and leave while they are followed', async () => {
    const { clusters } = await followThings()
    const told: string[] = []
    clusters.on('joined', ({ name }) => told.push(`joined ${name}`))
    clusters.on('left', ({ name }) => told.push(`left ${name}`))
    const name = await createConsumer('coming', 'shard-1')
    await waitFor('it joined', () => told.includes(`joined ${name}`) || undefined)
    await base.below(`/clusters/${name}`).delete({ ...BINDINGS, name: 'things' })
    await waitFor('it left', () => told.includes(`left ${name}`) || undefined)
    expect(clusters.get(name)).toBeUndefined()
  })

  test('stay known while the shard of the export is away', async () => {
    const name = await createConsumer('lasting', 'shard-1')
    const { clusters } = await followThings()
    const { client } = await waitFor(`${name} is known`, () => clusters.get(name))
    await sandbox.shards[0]?.stop()
    const thing = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name: 'while-away' } }
    await client.create({ ...THINGS, namespace: 'default' }, thing)
    expect(clusters.get(name)).toBeDefined()
    await sandbox.shards[0]?.start()
    const seen = await base.below(`/clusters/${name}`).list({ ...THINGS, namespace: 'default' })
    expect(seen.items).toHaveLength(1)
  })
})

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
