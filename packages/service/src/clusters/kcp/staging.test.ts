import { copiesExportName, stagingWorkspaceName, verificationWorkspaceName } from '@resource-broker/api'
import { type Binding, Connections, EndpointSet } from '@resource-broker/kube'
import { describe, expect, test } from 'vitest'
import { Staging } from './staging.ts'

const roots = { staging: 'root:broker:staging', verification: 'root:broker:verification' }
const of = { providerCluster: 'p1', apiExportName: 'things' }
const place = { ...of, consumerCluster: 'c1' }
const URL = 'https://shard.test/services/apiexport/own/resource-broker'
const login = { server: URL, ca: undefined, servername: undefined, insecure: false, credentials: { get: () => ({}) } }

function staging(): Staging {
  return new Staging(new EndpointSet(), new Connections(login as never), roots)
}

type Given = { cluster?: string; name?: string; path?: string; notes?: Record<string, string>; status?: object }

function binding({ cluster = 's1', name = 'provider', path, notes = {}, status = {} }: Given = {}): Binding {
  const annotations = {
    'kcp.io/cluster': cluster,
    'kcp.io/path': path ?? `${roots.staging}:${stagingWorkspaceName(place)}`,
    'broker.platform-mesh.io/consumer-cluster': 'c1',
    ...notes,
  }
  const exported = name === 'provider' ? { path: 'p1', name: 'things' } : { path: roots.staging, name }
  return {
    metadata: { name, uid: name, resourceVersion: '1', annotations },
    spec: { reference: { export: exported } },
    status,
  }
}

const isTrue = (...types: string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) })
const resource = { group: 'example.io', resource: 'things', schema: { identityHash: 'hash' } }
const ready = { ...isTrue('Ready'), boundResources: [resource] }

describe('whose copies a workspace holds', () => {
  test('is read from its binding to the provider and from its name', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ status: ready }))
    expect(known.at('s1')).toMatchObject({ ...place, name: stagingWorkspaceName(place), isReady: false })
    expect(known.at('s1')?.copiesUrl).toBe(`https://shard.test/services/apiexport/own/${copiesExportName(of)}`)
    expect(known.between('c1', 'p1')).toHaveLength(1)
  })

  test.each<{ what: string; given: Given }>([
    {
      what: 'another consumer than its name is made of',
      given: { notes: { 'broker.platform-mesh.io/consumer-cluster': 'c2' } },
    },
    { what: 'a consumer, under another root', given: { path: `root:evil:${stagingWorkspaceName(place)}` } },
    { what: 'a consumer, under any name', given: { path: `${roots.staging}:any` } },
    {
      what: 'that it verifies, below the staging root',
      given: { path: `${roots.staging}:${verificationWorkspaceName(of)}` },
    },
  ])('is not believed of one that claims $what', ({ given }) => {
    const known = staging()
    known.bindings.emit('bound', URL, binding(given))
    expect(known.at('s1')).toBeUndefined()
  })

  test('is nobody’s for a trial of an export', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ path: `${roots.verification}:${verificationWorkspaceName(of)}` }))
    expect(known.at('s1')).toMatchObject({ ...of, consumerCluster: undefined })
    expect(known.between(undefined, 'p1')).toHaveLength(1)
  })
})

describe('a workspace that was made anew under its name, maybe on another shard', () => {
  const name = stagingWorkspaceName(place)
  const OTHER = URL.replace('shard', 'other')

  test('is known by it, also when the end of the one before is told late', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ cluster: 's1', status: ready }))
    known.bindings.emit('bound', OTHER, binding({ cluster: 's2', status: ready }))
    expect(known.named(name)?.cluster).toBe('s2')
    expect(known.between('c1', 'p1').map(({ cluster }) => cluster)).toEqual(['s2'])
    known.bindings.emit('unbound', URL, { cluster: 's1', name: 'provider' })
    expect(known.named(name)?.cluster).toBe('s2')
    expect(known.between('c1', 'p1').map(({ cluster }) => cluster)).toEqual(['s2'])
  })

  test('keeps its name when something is told of the one before', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ cluster: 's1', status: ready }))
    known.bindings.emit('bound', OTHER, binding({ cluster: 's2', status: ready }))
    known.bindings.emit('bound', URL, binding({ cluster: 's1' }))
    expect(known.named(name)?.cluster).toBe('s2')
    known.bindings.emit('unbound', URL, { cluster: 's1', name: 'provider' })
    expect(known.named(name)?.cluster).toBe('s2')
    known.bindings.emit('unbound', OTHER, { cluster: 's2', name: 'provider' })
    expect([known.named(name), known.between('c1', 'p1')]).toEqual([undefined, []])
  })

  test('is still where copies of the one before are known to be, until that one is told to have ended', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ cluster: 's1', status: ready }))
    known.bindings.emit('bound', OTHER, binding({ cluster: 's2', status: ready }))
    expect([known.at('s1')?.cluster, known.at('s2')?.cluster]).toEqual(['s1', 's2'])
    known.bindings.emit('removed', URL)
    expect([known.at('s1')?.cluster, known.at('s2')?.cluster]).toEqual([undefined, 's2'])
  })
})

describe('copies can be written', () => {
  const copies = (status: object) => binding({ name: 'copies', status })

  test('once both bindings are Ready and the claims applied, and no longer when one of them goes', () => {
    const known = staging()
    const told: (boolean | undefined)[] = []
    known.on('changed', (now) => told.push(now?.isReady))
    known.bindings.emit('bound', URL, binding({ status: ready }))
    known.bindings.emit('bound', URL, copies(isTrue('Ready')))
    known.bindings.emit('bound', URL, copies(isTrue('Ready', 'PermissionClaimsApplied')))
    known.bindings.emit('unbound', URL, { cluster: 's1', name: 'copies' })
    known.bindings.emit('unbound', URL, { cluster: 's1', name: 'provider' })
    expect(told).toEqual([false, false, true, false, undefined])
  })

  test('at none of the workspaces of an endpoint that is no more', () => {
    const known = staging()
    known.bindings.emit('bound', URL, binding({ status: ready }))
    known.bindings.emit('removed', URL)
    expect([...known.all]).toEqual([])
    expect(known.between('c1', 'p1')).toEqual([])
  })
})
