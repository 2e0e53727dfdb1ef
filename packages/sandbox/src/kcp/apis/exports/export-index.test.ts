import { beforeEach, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../../store/mod.ts'
import type { ReplicatedType } from '../../services.ts'
import { Replication } from '../../shards/cache.ts'
import { ExportsByIdentity } from './export-index.ts'

const STORAGES = new Map<ReplicatedType, string>([['apiexports.apis.kcp.io', 'apiexports']])

describe('the export of a type', () => {
  let store: Store
  let exports: ExportsByIdentity

  beforeEach(async () => {
    store = await openStore({})
    const cache = new Replication()
    exports = new ExportsByIdentity(cache)
    cache.attach('one', store, STORAGES)
  })

  const write = (cluster: string, name: string, identityHash: string | undefined, resource = 'widgets') => {
    const key = { resource: 'apiexports', cluster, namespace: '', name }
    const object = { metadata: { name }, spec: { resources: [{ name: resource }] }, status: { identityHash } }
    const encode = (revision: number) =>
      Buffer.from(JSON.stringify({ ...object, metadata: { name, resourceVersion: String(revision) } }))
    const old = store.get(key)
    if (old === undefined) store.create(key, encode)
    else store.update(key, old.revision, encode)
  }
  const remove = (cluster: string, name: string) => {
    const old = store.get({ resource: 'apiexports', cluster, namespace: '', name })!
    store.delete(old.key, old.revision, () => old.bytes)
  }
  const find = (identity: string, resource = 'widgets') => exports.ofType('', resource, identity)?.cluster

  test('is one with that identity which offers the type', () => {
    write('a', 'widgets', 'id-1')
    write('b', 'gadgets', 'id-1', 'gadgets')
    expect([find('id-1'), find('id-1', 'gadgets'), find('id-2'), find('id-1', 'others')]).toEqual([
      ...['a', 'b', undefined, undefined],
    ])
  })

  test('is found as soon as it has an identity, by the one that it has now', () => {
    write('a', 'widgets', undefined)
    expect(find('id-1')).toBeUndefined()
    write('a', 'widgets', 'id-1')
    expect(find('id-1')).toBe('a')
    write('a', 'widgets', 'id-2')
    expect([find('id-1'), find('id-2')]).toEqual([undefined, 'a'])
  })

  test('is as it was written last', () => {
    write('a', 'widgets', 'id-1')
    write('a', 'widgets', 'id-1', 'gadgets')
    expect([find('id-1'), find('id-1', 'gadgets')]).toEqual([undefined, 'a'])
  })

  test('is another one with its identity once it is deleted', () => {
    write('a', 'widgets', 'id-1')
    write('b', 'widgets', 'id-1')
    remove('a', 'widgets')
    expect(find('id-1')).toBe('b')
    remove('b', 'widgets')
    expect(find('id-1')).toBeUndefined()
  })

  test('was there before', async () => {
    write('a', 'widgets', 'id-1')
    const cache = new Replication()
    cache.attach('one', store, STORAGES)
    expect(new ExportsByIdentity(cache).ofType('', 'widgets', 'id-1')?.cluster).toBe('a')
  })
})
