import { describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../store/mod.ts'
import { Directory } from '../clusters/mod.ts'
import type { ReplicatedType } from '../services.ts'
import { Replication } from './cache.ts'

const STORAGES = new Map<ReplicatedType, string>([
  ['workspaces.tenancy.kcp.io', 'workspaces'],
  ['logicalclusters.core.kcp.io', 'logicalclusters'],
])

function write(store: Store, resource: string, cluster: string, name: string, rest: object = {}): void {
  const key = { resource, cluster, namespace: '', name }
  const encode = (revision: number) => {
    const { metadata = {}, ...others } = rest as { metadata?: object }
    return Buffer.from(
      JSON.stringify({ metadata: { name, resourceVersion: String(revision), ...metadata }, ...others }),
    )
  }
  const present = store.get(key)
  if (present === undefined) store.create(key, encode)
  else store.update(key, present.revision, encode)
}

function remove(store: Store, resource: string, cluster: string, name: string): void {
  const key = { resource, cluster, namespace: '', name }
  const { revision, bytes } = store.get(key)!
  store.delete(key, revision, () => bytes)
}

describe('the replicated cache', () => {
  test('holds what the shards hold, and tells of every change', async () => {
    const store = await openStore({})
    write(store, 'workspaces', 'root', 'before')
    const cache = new Replication()
    const changes: string[] = []
    cache.watch('workspaces.tenancy.kcp.io', ({ type, now }) => changes.push(`${type} ${now.shard} ${now.name}`))
    cache.attach('one', store, STORAGES)
    write(store, 'workspaces', 'root', 'later')
    write(store, 'workspaces', 'root', 'later', { spec: {} })
    remove(store, 'workspaces', 'root', 'before')
    expect(changes).toEqual(['ADDED one before', 'ADDED one later', 'MODIFIED one later', 'DELETED one before'])
    expect(cache.list('workspaces.tenancy.kcp.io').map(({ name }) => name)).toEqual(['later'])
    expect(cache.list('workspaces.tenancy.kcp.io', 'elsewhere')).toEqual([])
  })

  test('keeps the last state of a shard that is away, and catches up when it is back', async () => {
    const [one, two] = [await openStore({}), await openStore({})]
    const cache = new Replication()
    const detach = cache.attach('one', one, STORAGES)
    cache.attach('two', two, STORAGES)
    for (const name of ['stays', 'goes', 'changes']) write(one, 'workspaces', 'root', name)
    write(two, 'workspaces', 'other', 'elsewhere')
    detach()
    remove(one, 'workspaces', 'root', 'goes')
    write(one, 'workspaces', 'root', 'changes', { spec: { a: 1 } })
    expect(cache.list('workspaces.tenancy.kcp.io', 'root')).toHaveLength(3)
    const changes: string[] = []
    cache.watch('workspaces.tenancy.kcp.io', ({ type, now }) => changes.push(`${type} ${now.name}`))
    cache.attach('one', one, STORAGES)
    expect(changes.sort()).toEqual(['DELETED goes', 'MODIFIED changes'])
    expect(cache.get('workspaces.tenancy.kcp.io', 'other', 'elsewhere')?.shard).toBe('two')
  })
})

describe('the directory', () => {
  test('finds a logical cluster by name, by path and by a path that begins with any name', async () => {
    const [one, two] = [await openStore({}), await openStore({})]
    const cache = new Replication()
    const directory = new Directory(cache)
    cache.attach('one', one, STORAGES)
    cache.attach('two', two, STORAGES)
    write(one, 'logicalclusters', 'root', 'cluster', { metadata: { annotations: { 'kcp.io/path': 'root' } } })
    write(one, 'workspaces', 'root', 'a', { spec: { cluster: 'aaaa' } })
    write(two, 'logicalclusters', 'aaaa', 'cluster', { metadata: { annotations: { 'kcp.io/path': 'root:a' } } })
    write(two, 'workspaces', 'aaaa', 'b', { spec: { cluster: 'bbbb' } })
    write(one, 'logicalclusters', 'bbbb', 'cluster')
    expect(directory.resolve('root:a')).toEqual({ cluster: 'aaaa', shard: 'two' })
    expect(directory.resolve('root:a:b')).toEqual({ cluster: 'bbbb', shard: 'one' })
    expect(directory.resolve('aaaa:b')).toEqual({ cluster: 'bbbb', shard: 'one' })
    expect(directory.resolve('root:b')).toBeUndefined()
    expect(directory.pathOf('aaaa')).toBe('root:a')
    expect(directory.pathOf('unknown')).toBe('unknown')
  })

  test('forgets a workspace that is gone, and knows none that has no logical cluster yet', async () => {
    const store = await openStore({})
    const cache = new Replication()
    const directory = new Directory(cache)
    cache.attach('one', store, STORAGES)
    write(store, 'logicalclusters', 'aaaa', 'cluster')
    write(store, 'workspaces', 'root', 'a', { spec: {} })
    expect(directory.resolve('root:a')).toBeUndefined()
    write(store, 'workspaces', 'root', 'a', { spec: { cluster: 'aaaa' } })
    expect(directory.resolve('root:a')).toEqual({ cluster: 'aaaa', shard: 'one' })
    remove(store, 'workspaces', 'root', 'a')
    expect(directory.resolve('root:a')).toBeUndefined()
  })
})
