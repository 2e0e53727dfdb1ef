import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../kube/objects.ts'
import { openStore, type Store } from '../../store/mod.ts'
import type { ReplicatedType, ShardServices } from '../services.ts'
import { Replication } from '../shards/cache.ts'
import { BoundTypes } from './bound-types.ts'
import { catalogOf } from './catalog.ts'
import { API_BINDINGS, apiResourceSchemas } from './system-types/mod.ts'
import type { ApiResourceSchema } from './types.ts'

const HASH = 'f'.repeat(64)

const schema: ApiResourceSchema = {
  ...{ apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIResourceSchema' },
  metadata: { name: 'v1.widgets.example.io', uid: 'uid-1', annotations: { 'kcp.io/cluster': 'provider' } },
  spec: {
    group: 'example.io',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Cluster',
    versions: [{ name: 'v1', served: true, storage: true, schema: { type: 'object' } }],
  },
}

const binding = (more: object = {}): KubeObject => ({
  ...{ apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIBinding' },
  metadata: { name: 'widgets', ...more },
  spec: { reference: { export: { path: 'root:provider', name: 'widgets' } } },
  status: {
    ...{ phase: 'Bound', apiExportClusterName: 'provider' },
    boundResources: [
      {
        ...{ group: 'example.io', resource: 'widgets' },
        schema: { name: 'v1.widgets.example.io', UID: 'uid-1', identityHash: HASH },
      },
    ],
  },
})

async function opened() {
  const store = await openStore({})
  const cache = new Replication()
  const storages = new Map<ReplicatedType, string>([['apiresourceschemas.apis.kcp.io', apiResourceSchemas.storage]])
  cache.attach('root', store, storages)
  const localCrds = { list: () => [], find: () => undefined, definitions: () => [], generation: () => 0 }
  const services = { store, cache, localCrds, builtIns: [], systemTypes: [] } as unknown as ShardServices
  const bound = new BoundTypes(services)
  return { store, services, bound, find: () => catalogOf(services, bound).find('consumer', 'example.io', 'widgets') }
}

function put(store: Store, resource: string, cluster: string, object: KubeObject): void {
  const key = { resource, cluster, namespace: '', name: object.metadata.name ?? '' }
  const old = store.get(key)
  const encode = () => Buffer.from(JSON.stringify(object))
  if (old === undefined) store.create(key, encode)
  else store.update(key, old.revision, encode)
}

function remove(store: Store, resource: string, cluster: string, name: string): void {
  const old = store.get({ resource, cluster, namespace: '', name })!
  store.delete(old.key, old.revision, () => old.bytes)
}

describe('a bound type', () => {
  test('whose schema is lost is not available, until that comes (contract 9.5)', async () => {
    const { store, find, bound } = await opened()
    put(store, API_BINDINGS, 'consumer', binding())
    expect(find).toThrow('widgets.example.io is currently unavailable')
    const before = bound.generation('consumer')
    put(store, apiResourceSchemas.storage, 'provider', schema)
    expect(find()?.identity).toBe(HASH)
    expect(bound.generation('consumer')).toBeGreaterThan(before)
  })

  test('is served without its schema once that was kept, by others that follow the same store too', async () => {
    const { store, services, bound, find } = await opened()
    put(store, apiResourceSchemas.storage, 'provider', schema)
    bound.schemas.keep(schema)
    put(store, API_BINDINGS, 'consumer', binding())
    remove(store, apiResourceSchemas.storage, 'provider', 'v1.widgets.example.io')
    expect(find()?.kind).toBe('Widget')
    expect(new BoundTypes(services).find('consumer', 'example.io', 'widgets')?.resource.kind).toBe('Widget')
    bound.schemas.forget('uid-1')
    expect([...new BoundTypes(services).in('consumer')][0]?.resources).toEqual([])
  })

  test('is one Resource for all that bind it, without create where the binding goes (contract 5.6)', async () => {
    const { store, bound, find } = await opened()
    put(store, apiResourceSchemas.storage, 'provider', schema)
    put(store, API_BINDINGS, 'consumer', binding())
    put(store, API_BINDINGS, 'other', binding())
    const type = find()!
    expect(bound.find('other', 'example.io', 'widgets')?.resource).toBe(type)
    put(store, API_BINDINGS, 'consumer', binding({ deletionTimestamp: '2026-01-01T00:00:00Z' }))
    expect(find()?.verbs).not.toContain('create')
    expect(find()?.verbs).toContain('delete')
    expect(bound.all).toEqual([type])
    remove(store, API_BINDINGS, 'consumer', 'widgets')
    expect([find(), bound.isUsed('uid-1')]).toEqual([undefined, true])
    remove(store, API_BINDINGS, 'other', 'widgets')
    expect([bound.all, bound.isUsed('uid-1')]).toEqual([[], false])
  })
})
