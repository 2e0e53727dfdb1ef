import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createWorkspace, LOGICAL_CLUSTER, shardOf, TENANCY } from './support.ts'

const EXPORTS = '/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports'

describe('sandboxes of one process', () => {
  let sandboxes: Sandbox[]
  let apis: Api[]

  beforeAll(async () => {
    sandboxes = [await startSandbox(), await startSandbox(), await startSandbox({ shards: 2 })]
    apis = sandboxes.map((sandbox) => shardOf(sandbox, 0))
  })
  afterAll(() => Promise.all(sandboxes.map((sandbox) => sandbox.close())))

  test('have the same root with UIDs and identities of their own', async () => {
    const roots = await Promise.all(apis.map((api) => api.items(EXPORTS)))
    const names = roots.map((exports) => exports.map(({ metadata }) => metadata.name))
    expect(names[1]).toEqual(names[0])
    expect(names[2]).toEqual(names[0])
    for (const read of [
      (index: number) => roots.map((exports) => exports[index]?.metadata.uid),
      (index: number) => roots.map((exports) => exports[index]?.status?.['identityHash']),
    ]) {
      for (const index of roots[0]!.keys()) expect(new Set(read(index)).size).toBe(3)
    }
  })

  test('each know where they are served', async () => {
    for (const [index, api] of apis.entries()) {
      const root = await api.get(`/clusters/root/${LOGICAL_CLUSTER}`)
      expect(root.status?.['URL']).toBe(`${sandboxes[index]!.url}/clusters/root`)
      const shard = await api.get('/clusters/root/apis/core.kcp.io/v1alpha1/shards/root')
      expect(shard.spec?.['baseURL']).toBe(sandboxes[index]!.shards[0]!.url)
    }
  })

  test('see nothing of one another', async () => {
    await createWorkspace(apis[0]!, 'root', 'mine', { type: 'universal' })
    expect(await apis[1]!.items(`/clusters/root/${TENANCY}/workspaces`)).toEqual([])
    await Promise.all(apis.map((api) => createWorkspace(api, 'root', 'each', { type: 'universal' })))
  })
})
