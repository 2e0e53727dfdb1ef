import { describe, expect, test } from 'vitest'
import { prepare } from '../../examples/kcp-shards/run.ts'
import { followedReadme } from '../support/followed-readme.ts'

describe('examples/kcp-shards, when its README was followed', () => {
  const { said, run } = followedReadme(prepare)

  test('nothing was there twice after the root shard had been away, and nothing is left in the end', () => {
    const counts = said.filter((line) => line.endsWith(' copies')).map((line) => line.trim())
    expect(counts).toEqual([
      ...['europe', 'america', 'asia'].map((region) => `${region}: 3 certificates, 3 assignments, 3 copies`),
      ...['europe', 'america', 'asia'].map((region) => `${region}: 0 certificates, 0 assignments, 0 copies`),
    ])
  })

  test.each([
    ['root', 'europe'],
    ['shard-1', 'america'],
    ['shard-2', 'asia'],
  ])('the set of %s has seen the consumer of %s alone, and the offers of all', async (shard, region) => {
    const slice = (name: string) =>
      run(
        `kcp root:platform:broker-${shard} get apiexportendpointslice ${name} -o jsonpath='{.status.endpoints[*].url}'`,
      )
    expect((await slice('certificates.example.platform-mesh.io')).split(' ')).toHaveLength(1)
    expect((await slice('acceptapis')).split(' ')).toHaveLength(3)
    const cluster = await run(
      `kcp root:consumer-${region} get logicalcluster cluster -o jsonpath='{.metadata.annotations.kcp\\.io/cluster}'`,
    )
    const consumers = await run(
      `kcp root:platform:broker-${shard} get stagingworkspaces -o jsonpath='{.items[*].spec.consumerCluster}'`,
    )
    expect(new Set(consumers.split(' '))).toEqual(new Set([cluster]))
  })

  test('a set does not follow a slice that would show it the consumers of other shards', async () => {
    const at = 'root:platform:broker-shard-1'
    const change = (patch: object) =>
      run(
        `kcp ${at} patch apiexportendpointslice certificates.example.platform-mesh.io --type json -p '${JSON.stringify([patch])}'`,
      )
    const says = (status: string) =>
      run(`kcp root:provider-asia wait --for=condition=shard-1/Ready=${status} acceptapi/asia --timeout=30s`)
    await change({ op: 'remove', path: '/spec/partition' })
    await says('False')
    await change({ op: 'add', path: '/spec/partition', value: 'shard-1' })
    await says('True')
  })

  test.each(['root', 'shard-1', 'shard-2'])('all workspaces of the set of %s are on its shard', async (shard) => {
    const at = `root:platform:broker-${shard}`
    const shards = `-o jsonpath='{.items[*].metadata.annotations.core\\.kcp\\.io/shard}'`
    for (const below of [at, `${at}:staging`, `${at}:verification`]) {
      const found = await run(`kcp ${below} get workspaces ${shards}`)
      expect(new Set(found.split(' '))).toEqual(new Set([shard]))
    }
  })
})
