import { describe, expect, test } from 'vitest'
import { partitionsOf } from './partition-sets.ts'

const SHARDS = [
  { name: 'a', region: 'eu', zone: '1' },
  { name: 'b', region: 'eu', zone: '2' },
  { name: 'c', region: 'us', zone: '1' },
  { name: 'd', region: 'us', zone: '1' },
  { name: 'e' },
]

describe('partitions', () => {
  test('are one per combination that some shard has', () => {
    const partitions = partitionsOf({ dimensions: ['region', 'zone'] }, SHARDS)
    expect(partitions.map(({ values }) => values)).toEqual([
      ['eu', '1'],
      ['eu', '2'],
      ['us', '1'],
    ])
    expect(partitions[0]?.selector).toEqual({ matchLabels: { region: 'eu', zone: '1' } })
  })

  test('are of those shards that the selector takes, and say so', () => {
    const shardSelector = {
      matchLabels: { zone: '1' },
      matchExpressions: [{ key: 'name', operator: 'NotIn', values: ['a'] }],
    }
    expect(partitionsOf({ dimensions: ['region'], shardSelector }, SHARDS)).toEqual([
      {
        values: ['us'],
        selector: { matchLabels: { zone: '1', region: 'us' }, matchExpressions: shardSelector.matchExpressions },
      },
    ])
  })

  test('are a single one without dimensions, and none without shards', () => {
    expect(partitionsOf({}, SHARDS)).toHaveLength(1)
    expect(partitionsOf({}, [])).toEqual([])
  })
})
