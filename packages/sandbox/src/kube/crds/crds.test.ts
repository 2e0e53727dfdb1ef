import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestServer } from '../requests/test-support.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
let server: TestServer

beforeEach(async () => {
  server = await TestServer.start()
})

afterEach(() => server.stop())

function definition(plural: string, names: object = {}, schema: object = { type: 'object' }): object {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
  const kind = plural[0]!.toUpperCase() + plural.slice(1, -1)
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.io` },
    spec: { group: 'example.io', scope: 'Cluster', names: { plural, kind, ...names }, versions: [version] },
  }
}

async function define(plural: string, names: object = {}, schema?: object): Promise<void> {
  await server.send('POST', DEFINITIONS, { body: definition(plural, names, schema) })
  await server.settled()
}

async function conditions(plural: string): Promise<Record<string, string>> {
  const { body } = await server.send('GET', `${DEFINITIONS}/${plural}.example.io`)
  const { conditions } = body['status'] as unknown as { conditions: { type: string; status: string; reason: string }[] }
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]))
}

const thing = (name: string, more: object = {}) => ({
  apiVersion: 'example.io/v1',
  kind: 'Thing',
  metadata: { name },
  ...more,
})

test('a new definition is named, established and served', async () => {
  await define('things')
  expect(await conditions('things')).toEqual({
    NamesAccepted: 'True NoConflicts',
    Established: 'True InitialNamesAccepted',
  })
  expect((await server.send('POST', '/apis/example.io/v1/things', { body: thing('a') })).status).toBe(201)
})

test('a name that another definition has is refused until that goes', async () => {
  await define('things', { shortNames: ['t'] })
  await define('tings', { kind: 'Thing', listKind: 'TingList', shortNames: ['t'] })
  expect(await conditions('tings')).toEqual({ NamesAccepted: 'False KindConflict', Established: 'False NotAccepted' })
  expect((await server.send('GET', '/apis/example.io/v1/tings')).status).toBe(404)
  await server.send('DELETE', `${DEFINITIONS}/things.example.io`)
  await server.settled()
  expect((await server.send('GET', '/apis/example.io/v1/tings')).status).toBe(200)
})

test('definitions of one logical cluster are not those of another', async () => {
  await define('things')
  expect((await server.send('GET', '/apis/example.io/v1/things', { cluster: 'two' })).status).toBe(404)
})

test('a changed schema holds at once, and what was stored before is shown by it', async () => {
  const spec = (properties: object) => ({ type: 'object', properties: { spec: { type: 'object', properties } } })
  await define('things', {}, spec({ size: { type: 'integer' }, old: { type: 'string' } }))
  await server.send('POST', '/apis/example.io/v1/things', { body: thing('a', { spec: { size: 1, old: 'x' } }) })
  const versions = [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: spec({ size: { type: 'integer' }, color: { type: 'string', default: 'red' } }) },
    },
  ]
  await server.patch(`${DEFINITIONS}/things.example.io`, { spec: { versions } })
  const { body } = await server.send('GET', '/apis/example.io/v1/things/a')
  expect(body['spec']).toEqual({ size: 1, color: 'red' })
})

test('a deleted definition takes its instances with it', async () => {
  await define('things')
  await server.send('POST', '/apis/example.io/v1/things', { body: thing('a') })
  await server.send('DELETE', `${DEFINITIONS}/things.example.io`)
  await server.settled()
  expect((await server.send('GET', `${DEFINITIONS}/things.example.io`)).status).toBe(404)
  await define('things')
  const { body } = await server.send('GET', '/apis/example.io/v1/things')
  expect(body['items']).toEqual([])
})

test('while instances have finalizers, a definition stays but takes no new ones', async () => {
  await define('things')
  const metadata = { name: 'a', finalizers: ['example.io/wait'] }
  await server.send('POST', '/apis/example.io/v1/things', { body: { ...thing('a'), metadata } })
  await server.send('DELETE', `${DEFINITIONS}/things.example.io`)
  await server.settled()
  expect(await conditions('things')).toMatchObject({ Terminating: 'True InstanceDeletionInProgress' })
  expect((await server.send('POST', '/apis/example.io/v1/things', { body: thing('b') })).status).toBe(403)
  await server.patch('/apis/example.io/v1/things/a', { metadata: { finalizers: null } })
  await vi.waitFor(async () => {
    expect((await server.send('GET', `${DEFINITIONS}/things.example.io`)).status).toBe(404)
  })
})
