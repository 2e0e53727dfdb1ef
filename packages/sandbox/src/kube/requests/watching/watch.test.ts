import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestServer } from '../test-support.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const METADATA = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
let server: TestServer

beforeEach(async () => {
  server = await TestServer.start({ controllers: false })
})

afterEach(() => {
  server.stop()
  vi.useRealTimers()
})

async function create(name: string, labels: Record<string, string> = {}): Promise<number> {
  const { body } = await server.send('POST', MAPS, { body: { metadata: { name, labels } } })
  return Number((body['metadata'] as { resourceVersion: string }).resourceVersion)
}

test('a watch without a resourceVersion begins with what there is', async () => {
  await create('a')
  const watch = await server.watch(`${MAPS}?watch=true`)
  await create('b')
  await server.patch(`${MAPS}/a`, { data: { x: 'y' } })
  await server.send('DELETE', `${MAPS}/a`)
  expect(watch.told).toEqual(['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a'])
})

test('a watch from a resourceVersion tells what came after it, each time the same', async () => {
  const revision = await create('a')
  await create('b')
  const first = await server.watch(`${MAPS}?watch=true&resourceVersion=${revision}`)
  await create('c')
  const second = await server.watch(`${MAPS}?watch=true&resourceVersion=${revision}`)
  expect(first.told).toEqual(['ADDED b', 'ADDED c'])
  expect(second.events).toEqual(first.events)
})

test('an object that comes into a selection is added, one that leaves it is deleted as it was before', async () => {
  const watch = await server.watch(`${MAPS}?watch=true&labelSelector=color%3Dred`)
  await create('a')
  await server.patch(`${MAPS}/a`, { metadata: { labels: { color: 'red' } } })
  await server.patch(`${MAPS}/a`, { data: { x: 'y' } })
  const { body } = await server.patch(`${MAPS}/a`, { metadata: { labels: { color: 'blue' } } })
  await server.send('DELETE', `${MAPS}/a`)
  expect(watch.told).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
  expect(watch.events[2]?.object).toMatchObject({
    metadata: {
      labels: { color: 'red' },
      resourceVersion: (body['metadata'] as { resourceVersion: string }).resourceVersion,
    },
  })
})

test('the end of the initial events is told by a bookmark', async () => {
  await create('a')
  const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const watch = await server.watch(`${MAPS}?${query}`)
  const revision = await create('b')
  expect(watch.told).toEqual(['ADDED a', 'BOOKMARK', 'ADDED b'])
  expect(watch.events[1]?.object).toEqual({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(revision - 1), annotations: { 'k8s.io/initial-events-end': 'true' } },
  })
})

test('bookmarks come every minute and before the end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
  const watch = await server.watch(`${MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=130&resourceVersion=1`)
  vi.advanceTimersByTime(61_000)
  expect(watch.told).toEqual(['BOOKMARK'])
  vi.advanceTimersByTime(70_000)
  expect(watch.told).toEqual(['BOOKMARK', 'BOOKMARK', 'BOOKMARK'])
  expect(watch.ended).toBe(true)
})

test('a revision that is not kept any more is refused', async () => {
  const revision = await create('a')
  await create('b')
  server.store.compact(server.store.revision)
  const { body } = await server.send('GET', `${MAPS}?watch=true&resourceVersion=${revision}`)
  expect(body).toMatchObject({ code: 410, reason: 'Expired' })
})

test('a client that goes away is forgotten', async () => {
  const watch = await server.watch(`${MAPS}?watch=true`)
  watch.close()
  await create('a')
  expect(watch.told).toEqual([])
})

test('metadata alone can be watched', async () => {
  const watch = await server.watch(`${MAPS}?watch=true`, { headers: METADATA })
  await create('a')
  expect(watch.events[0]?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } })
  expect(watch.events[0]?.object).not.toHaveProperty('data')
})

test('one watch over all logical clusters tells of each, with its name', async () => {
  const watch = await server.watch('/api/v1/configmaps?watch=true', { cluster: '*' })
  await create('a')
  await server.send('POST', '/api/v1/namespaces', { cluster: 'two', body: { metadata: { name: 'default' } } })
  await server.send('POST', MAPS, { cluster: 'two', body: { metadata: { name: 'a' } } })
  const clusters = watch.events.map(
    ({ object }) => (object.metadata['annotations'] as { 'kcp.io/cluster': string })['kcp.io/cluster'],
  )
  expect(clusters).toEqual(['one', 'two'])
})

test('the watches of a deleted definition end', async () => {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
  const spec = {
    group: 'example.io',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [version],
  }
  await server.send('POST', DEFINITIONS, {
    body: {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.io' },
      spec,
    },
  })
  await server.settled()
  const watch = await server.watch('/apis/example.io/v1/things?watch=true')
  await server.send('DELETE', `${DEFINITIONS}/things.example.io`)
  await watch.end()
  expect((await server.send('GET', '/apis/example.io/v1/things')).text).toBe('404 page not found\n')
})
