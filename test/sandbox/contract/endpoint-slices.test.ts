import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS, bind, createExport, SLICES } from './exports-support.ts'
import {
  type Api,
  conditionsOf,
  createRole,
  createWorkspace,
  grant,
  type Json,
  type KubeObject,
  messageOf,
  shardOf,
  TOPOLOGY,
} from './support.ts'

describe('contract 4.7', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string
  let counter = 0

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 2 })
    admin = shardOf(sandbox, 0)
    provider = (await onShard('provider', 'root')).spec.cluster
  })
  afterAll(() => sandbox.close())

  const onShard = (name: string, shard: string) =>
    createWorkspace(admin, 'root', name, {
      type: 'universal',
      spec: { location: { selector: { matchLabels: { name: shard } } } },
    })
  const at = (path: string) => `/clusters/${provider}/${path}`
  const endpointsOf = (slice: KubeObject) =>
    ((slice.status?.['endpoints'] ?? []) as { url: string }[]).map(({ url }) => url)
  const urlAt = (index: number, name: string) =>
    `${sandbox.shards[index]!.virtualWorkspaceUrl}/services/apiexport/${provider}/${name}`
  const slice = (name: string, spec: Json) => ({
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIExportEndpointSlice',
    metadata: { name },
    spec,
  })
  const sliceWith = (name: string, urls: readonly string[]) =>
    waitFor(`${name} has ${urls.length} endpoints`, async () => {
      const { status, text } = await admin.call('GET', at(`${SLICES}/${name}`))
      if (status !== 200) return undefined
      const found = JSON.parse(text) as KubeObject
      const isIt = JSON.stringify(endpointsOf(found).sort()) === JSON.stringify([...urls].sort())
      return isIt && conditionsOf(found)['PartitionValid'] !== undefined ? found : undefined
    })

  test('4.7 every export has a slice of its name, which it owns', async () => {
    const { metadata } = await createExport(admin, provider, 'default')
    const found = await sliceWith('default', [])
    expect(found.metadata.ownerReferences).toMatchObject([{ kind: 'APIExport', name: 'default', uid: metadata.uid }])
    expect(found.spec).toEqual({ export: { path: 'root:provider', name: 'default' } })
    expect(conditionsOf(found)).toMatchObject({
      APIExportValid: { status: 'True' },
      PartitionValid: { status: 'True' },
    })
    await admin.json('DELETE', at(`${APIS}/apiexports/default`))
    await waitFor(
      'the slice goes with its export',
      async () => (await admin.call('GET', at(`${SLICES}/default`))).status === 404,
    )
  })

  test('4.7 an annotation keeps the default slice away', async () => {
    await admin.create(at(`${APIS}/apiexports`), {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: 'alone', annotations: { 'apiexports.apis.kcp.io/skip-endpointslice': '' } },
      spec: {},
    })
    await createExport(admin, provider, 'after')
    await sliceWith('after', [])
    expect((await admin.call('GET', at(`${SLICES}/alone`))).status).toBe(404)
  })

  test('4.7 a shard has an endpoint as long as it holds a binding', async () => {
    const name = `export-${++counter}`
    await createExport(admin, provider, name)
    await sliceWith(name, [])
    const here = await onShard('here', 'root')
    const there = await onShard('there', 'shard-1')
    await bind(admin, here.spec.cluster, ['root:provider', name])
    await sliceWith(name, [urlAt(0, name)])
    await bind(shardOf(sandbox, 1), there.spec.cluster, ['root:provider', name])
    await sliceWith(name, [urlAt(0, name), urlAt(1, name)])
    await admin.json('DELETE', `/clusters/${here.spec.cluster}/${APIS}/apibindings/${name}`)
    await sliceWith(name, [urlAt(1, name)])
    await shardOf(sandbox, 1).json('DELETE', `/clusters/${there.spec.cluster}/${APIS}/apibindings/${name}`)
    await sliceWith(name, [])
  })

  test('4.7 and 13.6 URLs are those of this sandbox, and bindings are there in both versions', async () => {
    const other = await startSandbox()
    try {
      const api = shardOf(other, 0)
      const wanted = `${other.shards[0]!.virtualWorkspaceUrl}/services/apiexport/root/tenancy.kcp.io`
      await waitFor('the endpoint of tenancy.kcp.io', async () => {
        const found = await api.get(`/clusters/root/${SLICES}/tenancy.kcp.io`)
        return JSON.stringify(endpointsOf(found)) === JSON.stringify([wanted])
      })
      for (const version of ['v1alpha1', 'v1alpha2']) {
        const path = `${new URL(wanted).pathname}/clusters/%2A/apis/apis.kcp.io/${version}/apibindings`
        const [binding] = await api.items(path)
        expect(binding).toMatchObject({
          apiVersion: `apis.kcp.io/${version}`,
          metadata: { annotations: { 'kcp.io/cluster': 'root' } },
        })
        expect(conditionsOf(binding!)['Ready']?.status).toBe('True')
      }
    } finally {
      await other.close()
    }
  })

  test('4.7 only shards of the partition count', async () => {
    const name = `export-${++counter}`
    await createExport(admin, provider, name)
    const clusters = [(await onShard('p-0', 'root')).spec.cluster, (await onShard('p-1', 'shard-1')).spec.cluster]
    for (const [index, cluster] of clusters.entries())
      await bind(shardOf(sandbox, index), cluster, ['root:provider', name])
    await admin.create(at(SLICES), slice('partitioned', { export: { path: 'root:provider', name }, partition: 'one' }))
    const missing = await waitFor('the partition is missed', async () => {
      const found = await admin.get(at(`${SLICES}/partitioned`))
      return conditionsOf(found)['PartitionValid']?.status === 'False' ? found : undefined
    })
    expect(conditionsOf(missing)['PartitionValid']?.reason).toBe('PartitionInvalidReference')
    await admin.create(at(`${TOPOLOGY}/partitions`), {
      apiVersion: 'topology.kcp.io/v1alpha1',
      kind: 'Partition',
      metadata: { name: 'one' },
      spec: { selector: { matchLabels: { name: 'shard-1' } } },
    })
    const found = await sliceWith('partitioned', [urlAt(1, name)])
    expect(found.status?.['shardSelector']).toBe('name=shard-1')
    await sliceWith(name, [urlAt(0, name), urlAt(1, name)])
  })

  test('4.7 without its export a slice is not valid and has no endpoints', async () => {
    const name = `export-${++counter}`
    await createExport(admin, provider, name)
    const consumer = await onShard('consumer', 'root')
    await bind(admin, consumer.spec.cluster, ['root:provider', name])
    await admin.create(at(SLICES), slice('kept', { export: { path: 'root:provider', name } }))
    await sliceWith('kept', [urlAt(0, name)])
    await admin.json('DELETE', at(`${APIS}/apiexports/${name}`))
    const found = await sliceWith('kept', [])
    expect(conditionsOf(found)['APIExportValid']).toMatchObject({ status: 'False', reason: 'APIExportNotFound' })
  })

  test('4.7 the export is immutable', async () => {
    await createExport(admin, provider, 'immutable')
    await sliceWith('immutable', [])
    const answer = await admin.merge(at(`${SLICES}/immutable`), { spec: { export: { name: 'other' } } })
    expect([answer.status, messageOf(answer)]).toEqual([
      422,
      expect.stringContaining('APIExport reference must not be changed'),
    ])
  })

  test('4.7 who creates a slice needs the verb bind', async () => {
    await createExport(admin, provider, 'guarded')
    const home = (await onShard('home-of-user-1', 'root')).spec.cluster
    await grant(admin, home, 'user-1', 'cluster-admin')
    const path = `/clusters/${home}/${SLICES}`
    const body = slice('of-guarded', { export: { path: 'root:provider', name: 'guarded' } })
    const refused = await admin.as('user-1-token').call('POST', path, { body })
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain(
      'unable to create APIExportEndpointSlice: no permission to bind to export root:provider:guarded',
    )
    await createRole(admin, provider, 'bind', {
      apiGroups: ['apis.kcp.io'],
      resources: ['apiexports'],
      verbs: ['bind'],
    })
    await grant(admin, provider, 'user-1', 'bind')
    expect((await admin.as('user-1-token').call('POST', path, { body })).status).toBe(201)
  })
})
