import { expect, test } from 'vitest'
import type { Entry } from '../../store/mod.ts'
import { changeOf } from './change.ts'

const entry = (resource: string, name: string, revision = 1): Entry => ({
  key: { resource, cluster: 'a', namespace: '', name },
  revision,
  bytes: Buffer.from(JSON.stringify({ metadata: { name, resourceVersion: String(revision) } })),
})

test.each([
  { storage: 'secrets', group: '', resource: 'secrets' },
  { storage: 'deployments.apps', group: 'apps', resource: 'deployments' },
  { storage: 'things.example.org:1f2e', group: 'example.org', resource: 'things' },
])('what is stored as $storage is told of by its group and resource', ({ storage, group, resource }) => {
  const change = changeOf('root', { type: 'ADDED', entry: entry(storage, 'one') })
  expect(change).toMatchObject({ shard: 'root', cluster: 'a', group, resource })
  expect(change.object).toMatchObject({ metadata: { name: 'one' } })
  expect(change.previous).toBeUndefined()
})

test('what is gone is told of as it was, and is no more', () => {
  const change = changeOf('root', {
    type: 'DELETED',
    entry: entry('secrets', 'one', 3),
    previous: entry('secrets', 'one', 2),
  })
  expect(change.object).toBeUndefined()
  expect(change.previous).toMatchObject({ metadata: { resourceVersion: '2' } })
})
