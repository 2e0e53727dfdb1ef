import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, CORE, conditionsOf, createWorkspace, messageOf, shardOf, TOPOLOGY, WORKSPACES } from './support.ts'

const SHARDS = `/clusters/root/${CORE}/shards`

describe('contract 4.9 to 4.11', () => {
  let sandbox: Sandbox
  let admin: Api

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 3 })
    admin = shardOf(sandbox, 0)
    for (const [name, region] of Object.entries({ root: 'eu', 'shard-1': 'eu', 'shard-2': 'us' })) {
      await admin.merge(`${SHARDS}/${name}`, { metadata: { labels: { region } } })
    }
  })
  afterAll(() => sandbox.close())

  test('4.9 every shard registers itself in root; the first is named root', async () => {
    const shards = await admin.items(SHARDS)
    expect(shards.map(({ metadata }) => metadata.name)).toEqual(['root', 'shard-1', 'shard-2'])
    for (const { metadata, spec } of shards) {
      expect(metadata.labels).toMatchObject({ name: metadata.name })
      const { url, virtualWorkspaceUrl } = sandbox.shards.find(({ name }) => name === metadata.name)!
      expect(spec).toEqual({ baseURL: url, externalURL: sandbox.url, virtualWorkspaceURL: virtualWorkspaceUrl })
    }
  })

  test('4.9 no URL of a shard begins with that of another', async () => {
    const urls = sandbox.shards.map(({ virtualWorkspaceUrl }) => virtualWorkspaceUrl)
    for (const url of urls) expect(urls.filter((other) => other.startsWith(url))).toEqual([url])
  })

  test('4.9 the region of a shard is copied to its workspaces', async () => {
    const location = { selector: { matchLabels: { name: 'shard-2' } } }
    const { metadata } = await createWorkspace(admin, 'root', 'overseas', { type: 'universal', spec: { location } })
    expect(metadata.labels).toMatchObject({ region: 'us' })
    expect(metadata.annotations).toMatchObject({ 'core.kcp.io/shard': 'shard-2' })
  })

  test('4.9 a shard that is marked unschedulable gets no workspaces', async () => {
    const mark = (value: string | null) =>
      admin.merge(`${SHARDS}/shard-2`, {
        metadata: { annotations: { 'experimental.core.kcp.io/unschedulable': value } },
      })
    await mark('true')
    for (const name of ['here-1', 'here-2', 'here-3', 'here-4']) {
      const { metadata } = await createWorkspace(admin, 'root', name, { type: 'universal' })
      expect(metadata.annotations?.['core.kcp.io/shard']).not.toBe('shard-2')
    }
    await mark(null)
  })

  test('4.10 a PartitionSet makes one Partition per combination of values', async () => {
    const path = `/clusters/root/${TOPOLOGY}`
    await admin.create(`${path}/partitionsets`, {
      apiVersion: 'topology.kcp.io/v1alpha1',
      kind: 'PartitionSet',
      metadata: { name: 'regions' },
      spec: {
        dimensions: ['region'],
        shardSelector: { matchExpressions: [{ key: 'name', operator: 'In', values: ['root', 'shard-1', 'shard-2'] }] },
      },
    })
    const set = await waitFor('the partitions are there', async () => {
      const found = await admin.get(`${path}/partitionsets/regions`)
      return found.status?.['count'] === 2 ? found : undefined
    })
    expect(conditionsOf(set)['PartitionSetValid']?.status).toBe('True')
    expect(conditionsOf(set)['PartitionsReady']?.status).toBe('True')
    const partitions = await admin.items(`${path}/partitions`)
    expect(partitions.map(({ metadata }) => metadata.name.replace(/-[^-]*$/, ''))).toEqual(['regions-eu', 'regions-us'])
    expect(partitions[0]).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'PartitionSet', name: 'regions', controller: true }] },
      spec: {
        selector: {
          matchLabels: { region: 'eu' },
          matchExpressions: [{ key: 'name', operator: 'In', values: ['root', 'shard-1', 'shard-2'] }],
        },
      },
    })
  })

  test('4.10 partitions follow the labels of the shards', async () => {
    const path = `/clusters/root/${TOPOLOGY}/partitionsets`
    await admin.create(path, {
      apiVersion: 'topology.kcp.io/v1alpha1',
      kind: 'PartitionSet',
      metadata: { name: 'zones' },
      spec: { dimensions: ['zone'] },
    })
    const count = (wanted: number) =>
      waitFor(`there are ${wanted}`, async () => (await admin.get(`${path}/zones`)).status?.['count'] === wanted)
    await count(0)
    await admin.merge(`${SHARDS}/shard-1`, { metadata: { labels: { zone: 'a' } } })
    await count(1)
    await admin.merge(`${SHARDS}/shard-1`, { metadata: { labels: { zone: null } } })
    await count(0)
    const partitions = await admin.items(`/clusters/root/${TOPOLOGY}/partitions`)
    expect(partitions.filter(({ metadata }) => metadata.name.startsWith('zones'))).toEqual([])
  })

  const REQUIREMENT = { key: 'region', operator: 'In', values: ['eu'] }
  test.each([
    [
      'an operator that is none',
      { matchExpressions: [{ ...REQUIREMENT, operator: 'Near' }] },
      'operator: Unsupported value: "Near"',
    ],
    ['In without values', { matchExpressions: [{ key: 'region', operator: 'In' }] }, 'at least one value'],
    ['Exists with values', { matchExpressions: [{ ...REQUIREMENT, operator: 'Exists' }] }, 'not be any value'],
    ['a key that is none', { matchExpressions: [{ ...REQUIREMENT, key: 'a/b/c d' }] }, 'Label key prefixes'],
    ['a value that is none', { matchExpressions: [{ ...REQUIREMENT, values: ['-'] }] }, 'values[0]'],
    ['a label that is none', { matchLabels: { 'a b': 'c' } }, 'Label key prefixes'],
    ['a label with a value that is none', { matchLabels: { a: 'b c' } }, 'Label values'],
  ])('4.10 %s in the selector of a PartitionSet or a Partition: 422', async (_, selector, message) => {
    for (const [plural, kind, spec] of [
      ['partitionsets', 'PartitionSet', { shardSelector: selector }],
      ['partitions', 'Partition', { selector }],
    ] as const) {
      const body = { apiVersion: 'topology.kcp.io/v1alpha1', kind, metadata: { name: 'wrong' }, spec }
      const answer = await admin.call('POST', `/clusters/root/${TOPOLOGY}/${plural}`, { body })
      expect(answer.status).toBe(422)
      expect(messageOf(answer)).toContain(message)
    }
  })

  test('5.1 a workspace whose selector is none says so', async () => {
    const selector = { matchExpressions: [{ ...REQUIREMENT, operator: 'Near' }] }
    await admin.create(WORKSPACES, {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'nowhere' } },
      spec: { type: { name: 'universal', path: 'root' }, location: { selector } },
    })
    const condition = await waitFor('the condition', async () => {
      return conditionsOf(await admin.get(`${WORKSPACES}/nowhere`))['WorkspaceScheduled']
    })
    expect(condition).toMatchObject({ status: 'False', reason: 'Unschedulable' })
    expect(condition.message).toContain(
      'spec.location.selector is invalid: "Near" is not a valid label selector operator',
    )
  })

  test('4.11 root has the exports of kcp itself, with identities', async () => {
    const exports = await admin.items('/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports')
    const byName = Object.fromEntries(exports.map((each) => [each.metadata.name, each]))
    expect(Object.keys(byName).sort()).toEqual([
      'cache.kcp.io',
      'migration.kcp.io',
      'shards.core.kcp.io',
      'tenancy.kcp.io',
      'topology.kcp.io',
    ])
    const resources = (byName['tenancy.kcp.io']?.spec?.['resources'] ?? []) as { name: string }[]
    expect(resources.map(({ name }) => name).sort()).toEqual([
      'workspaceauthenticationconfigurations',
      'workspaces',
      'workspacetypes',
    ])
    expect(byName['tenancy.kcp.io']?.spec).toMatchObject({ maximalPermissionPolicy: { local: {} } })
    for (const { status } of exports) expect(status?.['identityHash']).toMatch(/^[0-9a-f]{64}$/)
  })
})
