import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Answer, TestServer } from '../../requests/test-support.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeEach(async () => {
  server = await TestServer.start()
})

afterEach(() => server.stop())

async function create(
  name: string,
  owner?: Answer,
  blockOwnerDeletion = false,
  finalizers?: string[],
): Promise<Answer> {
  const { name: ownerName, uid } = (owner?.body['metadata'] ?? {}) as { name?: string; uid?: string }
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: ownerName, uid, blockOwnerDeletion }
  const metadata = { name, ...(owner && { ownerReferences: [reference] }), ...(finalizers && { finalizers }) }
  return server.send('POST', MAPS, { body: { metadata } })
}

async function names(): Promise<string[]> {
  await server.settled()
  const { body } = await server.send('GET', MAPS)
  const items = body['items'] as unknown as { metadata: { name: string } }[]
  return items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt')
}

test('a deletion in the background takes the dependents of the dependents, too', async () => {
  const owner = await create('owner')
  const child = await create('child', owner)
  await create('grandchild', child)
  await create('stranger')
  await server.send('DELETE', `${MAPS}/owner`)
  expect(await names()).toEqual(['stranger'])
})

test('a deletion in the foreground waits for dependents that block it', async () => {
  const owner = await create('owner')
  await create('child', owner, true, ['example.io/wait'])
  await server.send('DELETE', `${MAPS}/owner`, { body: { propagationPolicy: 'Foreground' } })
  expect(await names()).toEqual(['child', 'owner'])
  await server.patch(`${MAPS}/child`, { metadata: { finalizers: null } })
  expect(await names()).toEqual([])
})

test('dependents that do not block go after their owner', async () => {
  const owner = await create('owner')
  await create('child', owner, false, ['example.io/wait'])
  await server.send('DELETE', `${MAPS}/owner`, { body: { propagationPolicy: 'Foreground' } })
  expect(await names()).toEqual(['child'])
})

test('orphans stay and forget their owner', async () => {
  const owner = await create('owner')
  await create('child', owner)
  await server.send('DELETE', `${MAPS}/owner`, { body: { propagationPolicy: 'Orphan' } })
  expect(await names()).toEqual(['child'])
  const { body } = await server.send('GET', `${MAPS}/child`)
  expect(body['metadata']).not.toHaveProperty('ownerReferences')
})

test('an object whose owner never was is deleted', async () => {
  const gone = { ...(await create('gone')) }
  await server.send('DELETE', `${MAPS}/gone`)
  await create('child', gone)
  expect(await names()).toEqual([])
})

test('an owner of the same name with another uid does not count', async () => {
  const first = await create('owner')
  await server.send('DELETE', `${MAPS}/owner`)
  await create('owner')
  await create('child', first)
  expect(await names()).toEqual(['owner'])
})

test('with one owner left, only the others are forgotten', async () => {
  const one = await create('one')
  const two = await create('two')
  const references = [one, two].map(({ body }) => {
    const { name, uid } = body['metadata'] as { name: string; uid: string }
    return { apiVersion: 'v1', kind: 'ConfigMap', name, uid }
  })
  await server.send('POST', MAPS, { body: { metadata: { name: 'child', ownerReferences: references } } })
  await server.send('DELETE', `${MAPS}/one`)
  expect(await names()).toEqual(['child', 'two'])
  const { body } = await server.send('GET', `${MAPS}/child`)
  expect(body['metadata']).toMatchObject({ ownerReferences: [references[1]] })
})

test('two objects that own each other do not block each other for ever', async () => {
  const one = await create('one')
  const two = await create('two', one, true)
  const { name, uid } = two.body['metadata'] as { name: string; uid: string }
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }]
  await server.patch(`${MAPS}/one`, { metadata: { ownerReferences } })
  await server.send('DELETE', `${MAPS}/one`, { body: { propagationPolicy: 'Foreground' } })
  expect(await names()).toEqual([])
})

test('owners in other logical clusters do not count', async () => {
  const owner = await create('owner')
  const { name, uid } = owner.body['metadata'] as { name: string; uid: string }
  await server.send('POST', '/api/v1/namespaces', { cluster: 'two', body: { metadata: { name: 'default' } } })
  const metadata = { name: 'child', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }] }
  await server.send('POST', MAPS, { cluster: 'two', body: { metadata } })
  await server.settled()
  expect((await server.send('GET', `${MAPS}/child`, { cluster: 'two' })).status).toBe(404)
  expect((await server.send('GET', `${MAPS}/owner`)).status).toBe(200)
})

test('a dependent goes with an owner whose type goes, too', async () => {
  const definition = {
    metadata: { name: 'things.example.io' },
    spec: {
      ...{ group: 'example.io', scope: 'Namespaced', names: { plural: 'things', kind: 'Thing' } },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  }
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await server.send('POST', definitions, { body: definition })
  await server.settled()
  const body = { apiVersion: 'example.io/v1', kind: 'Thing', metadata: { name: 'owner' } }
  const owner = await server.send('POST', '/apis/example.io/v1/namespaces/default/things', { body })
  const { uid } = owner.body['metadata'] as { uid: string }
  const reference = { apiVersion: 'example.io/v1', kind: 'Thing', name: 'owner', uid }
  await server.send('POST', MAPS, { body: { metadata: { name: 'child', ownerReferences: [reference] } } })
  await server.send('DELETE', `${definitions}/things.example.io`)
  expect(await names()).toEqual([])
})

test('an Event tells of an owner in another namespace before its dependent goes', async () => {
  await server.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'other' } } })
  const owner = await create('owner')
  const { uid } = owner.body['metadata'] as { uid: string }
  const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }
  const maps = '/api/v1/namespaces/other/configmaps'
  await server.send('POST', maps, { body: { metadata: { name: 'child', ownerReferences: [reference] } } })
  await server.settled()
  expect((await server.send('GET', `${maps}/child`)).status).toBe(404)
  const { body } = await server.send('GET', '/api/v1/namespaces/other/events')
  expect(body['items']).toMatchObject([
    {
      ...{ type: 'Warning', reason: 'OwnerRefInvalidNamespace' },
      message: `ownerRef [v1/ConfigMap, namespace: other, name: owner, uid: ${uid}] does not exist in namespace "other"`,
      involvedObject: { kind: 'ConfigMap', name: 'child', namespace: 'other' },
    },
  ])
})
