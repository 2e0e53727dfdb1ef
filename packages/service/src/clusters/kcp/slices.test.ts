import { expect, test } from 'vitest'
import { unpartitioned } from './slices.ts'

const slice = (spec: { partition?: string }) => ({
  metadata: { name: 'things', uid: 'u', resourceVersion: '1' },
  spec: { export: { path: 'root:platform', name: 'things' }, ...spec },
})

test.each([
  ['one without a partition', 'a set of a shard', {}, 'alpha', false],
  ['one with a partition', 'a set of a shard', { partition: 'alpha' }, 'alpha', true],
  ['one without a partition', 'the broker of a whole kcp', {}, undefined, true],
  ['one with a partition', 'the broker of a whole kcp', { partition: 'europe' }, undefined, true],
])('of brokered slices %s is followed by %s, if it is safe', (_slice, _set, spec, shard, isFollowed) => {
  expect(unpartitioned(slice(spec), shard) === undefined).toBe(isFollowed)
})

test('a slice that is not followed is named', () => {
  expect(unpartitioned(slice({}), 'alpha')).toBe(
    'the APIExportEndpointSlice things is not followed: it has no partition, and --shard alpha is for consumers of one shard',
  )
})
