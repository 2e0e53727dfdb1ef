import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  CRDS,
  configMap,
  createWorkspace,
  type KubeObject,
  LOGICAL_CLUSTER,
  messageOf,
  shardOf,
  TENANCY,
} from './support.ts'

describe('contract 1 on a single shard', () => {
  let sandbox: Sandbox
  let admin: Api
  let team: { spec: { cluster: string } }

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    team = await createWorkspace(admin, 'root', 'team')
    await createWorkspace(admin, 'root:team', 'child')
  })
  afterAll(() => sandbox.close())

  test('1.1 /clusters/X equals /clusters/X/', async () => {
    const [bare, slashed] = await Promise.all([
      admin.call('GET', '/clusters/root'),
      admin.call('GET', '/clusters/root/'),
    ])
    expect(bare.status).toBe(200)
    expect(bare.text).toBe(slashed.text)
  })

  test('1.1 a name and a path reach the same logical cluster', async () => {
    const byName = await admin.get(`/clusters/${team.spec.cluster}/${LOGICAL_CLUSTER}`)
    const byPath = await admin.get(`/clusters/root:team/${LOGICAL_CLUSTER}`)
    expect(byPath.metadata.uid).toBe(byName.metadata.uid)
  })

  test('1.2 the wildcard may be percent-encoded', async () => {
    const plain = await admin.get<{ items: unknown[] }>('/clusters/*/api/v1/namespaces')
    const encoded = await admin.get<{ items: unknown[] }>('/clusters/%2A/api/v1/namespaces')
    expect(encoded.items).toHaveLength(plain.items.length)
  })

  test('1.2 a colon may be percent-encoded', async () => {
    expect((await admin.call('GET', `/clusters/root%3Ateam/${LOGICAL_CLUSTER}`)).status).toBe(200)
  })

  test('1.3 a name that begins with system: is one name', async () => {
    expect((await admin.call('GET', '/clusters/system:admin/api/v1/namespaces')).status).toBe(200)
  })

  test('1.4 any name can start a path', async () => {
    const canonical = await admin.get(`/clusters/root:team:child/${LOGICAL_CLUSTER}`)
    const relative = await admin.get(`/clusters/${team.spec.cluster}:child/${LOGICAL_CLUSTER}`)
    expect(relative.metadata.uid).toBe(canonical.metadata.uid)
  })

  test('1.6 a workspace gets 16 characters of base36', () => {
    expect(team.spec.cluster).toMatch(/^[0-9a-z]{16}$/)
  })

  test.each(['/livez', '/readyz', '/version'])('1.7 %s is a path of the shard', async (path) => {
    expect((await admin.as('').call('GET', path)).status).toBe(200)
  })

  test('1.7 /metrics in a logical cluster is 501', async () => {
    expect((await admin.call('GET', '/clusters/root/metrics')).status).toBe(501)
  })

  test('1.7 /metrics at top level is for those whom RBAC in root allows', async () => {
    expect((await admin.call('GET', '/metrics')).status).toBe(200)
    expect((await admin.as('user-1-token').call('GET', '/metrics')).status).toBe(403)
  })

  test.each(['Root', 'a_b', 'a::b', '-a', 'a:'])('1.8 %s is no name: 400', async (name) => {
    const answer = await admin.call('GET', `/clusters/${encodeURIComponent(name)}/api`)
    expect(answer.status).toBe(400)
    expect(messageOf(answer)).toBe(`invalid cluster: "${name}" does not match the regex`)
  })

  test('1.8 an unknown path is 404', async () => {
    const answer = await admin.call('GET', '/clusters/root:nobody/api')
    expect(answer.status).toBe(404)
    expect(messageOf(answer)).toBe('workspaces.tenancy.kcp.io "root:nobody" not found')
  })

  test('1.9 a name is passed on: 403 for users, an empty logical cluster for system:masters', async () => {
    expect((await admin.as('user-1-token').call('GET', '/clusters/nobody/api/v1/namespaces')).status).toBe(403)
    expect(await admin.items('/clusters/nobody/api/v1/namespaces')).toEqual([])
  })

  test.each([
    ['POST', '/clusters/*/api/v1/namespaces'],
    ['GET', '/clusters/*/api/v1/namespaces/default'],
    ['DELETE', '/clusters/*/api/v1/namespaces/default'],
  ])('1.10 %s %s is 405', async (method, path) => {
    const answer = await admin.call(method, path)
    expect(answer.status).toBe(405)
    expect(messageOf(answer)).toMatch(/in the `\*` logical cluster$/)
  })

  test('1.10 the wildcard is for system:masters only', async () => {
    expect((await admin.as('user-1-token').call('GET', '/clusters/*/api/v1/namespaces')).status).toBe(403)
  })

  test('1.11 a wildcard list has the objects of all logical clusters', async () => {
    const namespaces = await admin.items('/clusters/*/api/v1/namespaces')
    const clusters = new Set(namespaces.map(({ metadata }) => metadata.annotations?.['kcp.io/cluster']))
    expect(clusters).toContain('root')
    expect(clusters).toContain(team.spec.cluster)
  })

  test('1.11 system types need no identity, bound ones do', async () => {
    expect((await admin.call('GET', `/clusters/*/${CORE}/logicalclusters`)).status).toBe(200)
    expect((await admin.call('GET', `/clusters/*/${TENANCY}/workspaces`)).status).toBe(404)
    const { status } = await admin.get('/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports/tenancy.kcp.io')
    const path = `/clusters/*/${TENANCY}/workspaces:${status?.['identityHash']}`
    expect((await admin.items(path)).map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['team', 'child']),
    )
  })

  test('1.11 metadata of bound types needs no identity', async () => {
    const headers = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }
    const path = `/clusters/*/${TENANCY}/workspaces`
    const list = await admin.json<{ kind: string; items: KubeObject[] }>('GET', path, { headers })
    expect(list.kind).toBe('PartialObjectMetadataList')
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(['team', 'child']))
  })

  test('1.11 so do types of that name that are different in each logical cluster', async () => {
    for (const cluster of ['root:team', 'root:team:child']) {
      const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }]
      await admin.create(`/clusters/${cluster}/${CRDS}`, {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'things.example.org' },
        spec: { group: 'example.org', scope: 'Cluster', names: { plural: 'things', kind: 'Thing' }, versions },
      })
      const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 'a' } }
      const path = `/clusters/${cluster}/apis/example.org/v1/things`
      await waitFor('it is served', async () => (await admin.call('POST', path, { body: thing })).status === 201)
    }
    const path = '/clusters/*/apis/example.org/v1/things'
    expect((await admin.call('GET', path)).status).toBe(404)
    const headers = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }
    const list = await admin.json<{ items: KubeObject[] }>('GET', path, { headers })
    expect(list.items).toHaveLength(2)
  })

  test('1.12 an identity narrows a single logical cluster; an empty one is 500', async () => {
    const { status } = await admin.get('/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports/tenancy.kcp.io')
    const path = `/clusters/root/${TENANCY}/workspaces`
    expect((await admin.call('GET', `${path}:${status?.['identityHash']}`)).status).toBe(200)
    expect((await admin.call('GET', `${path}:0000`)).status).toBe(404)
    expect((await admin.call('GET', `${path}:`)).status).toBe(500)
  })

  test('an object of one logical cluster is in no other', async () => {
    await admin.create(`/clusters/root:team/${CONFIG_MAPS}`, configMap('only-here'))
    const elsewhere = await admin.call('GET', `/clusters/root/${CONFIG_MAPS}/only-here`)
    expect(elsewhere.status).toBe(404)
  })
})

describe('contract 1 behind a front proxy', () => {
  let sandbox: Sandbox
  let admin: Api

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 2 })
    admin = shardOf(sandbox, 0)
    const elsewhere = { spec: { location: { selector: { matchLabels: { name: 'shard-1' } } } } }
    await createWorkspace(admin, 'root', 'far', elsewhere)
  })
  afterAll(() => sandbox.close())

  test.each(['root:nobody', 'nobody', 'Root', '*'])('1.8 %s is 403', async (path) => {
    const answer = await adminOf(sandbox).call('GET', `/clusters/${encodeURIComponent(path)}/api/v1/namespaces`)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toMatch(/workspace access not permitted$/)
  })

  test('1.8 a path on another shard is 429 at a shard', async () => {
    const answer = await admin.call('GET', '/clusters/root:far/api')
    expect(answer.status).toBe(429)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.text.trim()).toBe('Not found on this shard')
  })

  test('1.9 a name on another shard is 403 at a shard', async () => {
    const { cluster } = (await admin.get(`/clusters/root/${TENANCY}/workspaces/far`)).spec as { cluster: string }
    const answer = await admin.as('user-1-token').call('GET', `/clusters/${cluster}/api/v1/namespaces`)
    expect(answer.status).toBe(403)
  })

  test('12.3 the front proxy drops system:masters', async () => {
    expect((await adminOf(sandbox).call('GET', '/clusters/root/api/v1/namespaces')).status).toBe(403)
    expect((await admin.call('GET', '/clusters/root/api/v1/namespaces')).status).toBe(200)
  })
})
