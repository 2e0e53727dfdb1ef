import { annotations, StagingWorkspace, stagingWorkspaceName } from '@resource-broker/api'
import { type Binding, Connections, EndpointSet } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { destinationsIn } from './destinations.ts'
import { Staging } from './staging.ts'
import { StagingRecords } from './staging-records.ts'

const roots = { staging: 'root:broker:staging', verification: 'root:broker:verification' }
const place = { providerCluster: 'alpha', apiExportName: 'things', consumerCluster: 'acme' }
const name = stagingWorkspaceName(place)
const URL = 'https://shard.test/services/apiexport/own/resource-broker'
const login = { server: URL, ca: undefined, servername: undefined, insecure: false, credentials: { get: () => ({}) } }
const source = { cluster: 'acme', gvr: { group: 'example.io', version: 'v1', resource: 'things' }, name: 'a' }

function binding(to: 'provider' | 'copies'): Binding {
  const exported = to === 'provider' ? { path: 'alpha', name: 'things' } : { path: roots.staging, name: to }
  const notes = {
    ...{ 'kcp.io/cluster': 's1', 'kcp.io/path': `${roots.staging}:${name}` },
    [annotations.consumerCluster]: 'acme',
  }
  const conditions = ['Ready', 'PermissionClaimsApplied'].map((type) => ({ type, status: 'True' }))
  const boundResources = [{ group: 'example.io', resource: 'things', schema: { identityHash: 'hash' } }]
  const metadata = { name: to, uid: to, resourceVersion: '1', annotations: notes }
  return { metadata, spec: { reference: { export: exported } }, status: { conditions, boundResources } }
}

const record = (phase: 'Ready' | 'Terminating', resourceVersion: string) =>
  StagingWorkspace.of({
    ...{ apiVersion: StagingWorkspace.apiVersion, kind: StagingWorkspace.kind },
    metadata: { name, resourceVersion, annotations: { [annotations.providerCluster]: 'alpha' } },
    spec: {
      ...{ consumerCluster: 'acme', providerPath: 'root:alpha', apiExportName: 'things' },
      workspaceTreeRoot: roots.staging,
    },
    status: { phase },
  })

test('no copy goes into a workspace that is being removed, though it is bound, and who waits for it hears of the next', () => {
  const staging = new Staging(new EndpointSet(), new Connections(login as never), roots)
  const records = new StagingRecords()
  const destinations = destinationsIn(staging, records, () => true)
  const told: string[] = []
  destinations.onReady(({ provider }) => told.push(provider))
  for (const to of ['provider', 'copies'] as const) staging.bindings.emit('bound', URL, binding(to))
  expect(destinations.of(source, 'alpha')).toMatchObject({ cluster: 's1' })
  records.take(record('Terminating', '2'))
  expect(destinations.of(source, 'alpha')).toEqual({
    waitsFor: 'the staging workspace for alpha is being removed, and is made anew then',
  })
  expect(told).toEqual(['alpha'])
  records.take(record('Ready', '3'))
  expect(destinations.of(source, 'alpha')).toMatchObject({ cluster: 's1' })
  expect(told).toEqual(['alpha', 'alpha'])
})
