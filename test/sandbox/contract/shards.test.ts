import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, adminOf, CONFIG_MAPS, configMap, createWorkspace, grant, shardOf, WORKSPACES } from './support.ts'

describe.each([{ kept: 'in memory' }, { kept: 'on disk' }])('shards that come and go, kept $kept', ({ kept }) => {
  let sandbox: Sandbox
  let dir: string | undefined
  let root: Api
  let proxy: Api
  const clusters: Record<string, string> = {}

  const createOn = async (shard: string, parent: string, name: string) => {
    const location = { selector: { matchLabels: { name: shard } } }
    const at = parent === 'root' ? root : shardOf(sandbox, parent.includes('alpha') ? 1 : 0)
    const { spec } = await createWorkspace(at, parent, name, { type: 'universal', spec: { location } })
    clusters[`${parent}:${name}`] = spec.cluster
    await grant(
      shardOf(sandbox, shard === 'root' ? 0 : Number(shard.slice(-1))),
      spec.cluster,
      'user-1',
      'cluster-admin',
    )
  }

  beforeAll(async () => {
    dir = kept === 'on disk' ? await mkdtemp(join(tmpdir(), 'sandbox-shards-')) : undefined
    sandbox = await startSandbox({ shards: 3, ...(dir !== undefined && { dir }) })
    root = shardOf(sandbox, 0)
    proxy = adminOf(sandbox).as('user-1-token')
    await createOn('root', 'root', 'provider')
    await createOn('shard-1', 'root:provider', 'alpha')
    await createOn('shard-1', 'root', 'consumer-1')
    await createOn('shard-2', 'root', 'consumer-2')
  })
  afterAll(async () => {
    await sandbox.close()
    if (dir !== undefined) await rm(dir, { recursive: true })
  })

  test('a workspace on one shard has its logical cluster on another, reached through the front proxy', async () => {
    for (const path of Object.keys(clusters)) {
      expect((await proxy.call('GET', `/clusters/${path}/api/v1/namespaces`)).status).toBe(200)
    }
  })

  test('2.4 each shard counts revisions on its own', async () => {
    const revision = async (index: number) => {
      const list = await shardOf(sandbox, index).get<{ metadata: { resourceVersion: string } }>(
        '/clusters/*/api/v1/namespaces',
      )
      return Number(list.metadata.resourceVersion)
    }
    expect(await revision(2)).toBeLessThan(await revision(0))
  })

  test('while the shard of root is away, the others go on, their workspaces below it included', async () => {
    const watch = await proxy.watch(`/clusters/root:provider/${CONFIG_MAPS}?watch=true`)
    await sandbox.shards[0]!.stop()
    await watch.ended
    expect([502, 503]).toContain((await proxy.call('GET', '/clusters/root/api')).status)
    expect([502, 503]).toContain((await proxy.call('GET', '/clusters/root:provider/api')).status)
    for (const path of ['root:consumer-1', 'root:consumer-2', 'root:provider:alpha']) {
      expect((await proxy.call('GET', `/clusters/${path}/api/v1/namespaces`)).status).toBe(200)
      await proxy.create(`/clusters/${path}/${CONFIG_MAPS}`, configMap('made-meanwhile'))
    }
    await expect(root.call('GET', '/livez')).rejects.toThrow()
    await sandbox.shards[0]!.start()
    expect((await proxy.call('GET', '/clusters/root:provider/api')).status).toBe(200)
    expect((await root.call('GET', `${WORKSPACES}/provider`)).status).toBe(200)
  })

  test('a deletion that needs a shard which is away is done when it is back', async () => {
    await createOn('shard-2', 'root', 'lingering')
    await sandbox.shards[2]!.stop()
    await root.call('DELETE', `${WORKSPACES}/lingering`)
    expect((await root.call('GET', `${WORKSPACES}/lingering`)).status).toBe(200)
    await sandbox.shards[2]!.start()
    await waitFor('it is gone', async () => (await root.call('GET', `${WORKSPACES}/lingering`)).status === 404)
  })

  test('a shard that comes back has what it had, and takes new workspaces', async () => {
    const path = `/clusters/root:consumer-2/${CONFIG_MAPS}`
    await proxy.create(path, configMap('kept', { a: 'b' }))
    await sandbox.shards[2]!.stop()
    await sandbox.shards[2]!.start()
    expect(await proxy.get(`${path}/kept`)).toMatchObject({ data: { a: 'b' } })
    await createOn('shard-2', 'root', 'after')
  })
})

describe('a restart with a directory', () => {
  test('keeps workspaces, their names and the identities of root', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sandbox-restart-'))
    const identityOf = async (api: Api) =>
      (await api.get('/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports/tenancy.kcp.io')).status?.['identityHash']
    const first = await startSandbox({ dir })
    const { spec } = await createWorkspace(adminOf(first), 'root', 'kept', { type: 'universal' })
    const identity = await identityOf(adminOf(first))
    await first.close()
    const second = await startSandbox({ dir })
    expect((await adminOf(second).get(`${WORKSPACES}/kept`)).spec).toEqual(spec)
    expect(await identityOf(adminOf(second))).toBe(identity)
    await createWorkspace(adminOf(second), 'root:kept', 'child', { type: 'universal' })
    await second.close()
    await rm(dir, { recursive: true })
  })
})
