import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestServer } from '../test-support.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
let server: TestServer

beforeEach(async () => {
  server = await TestServer.start({ controllers: false })
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    const labels = { parity: name < 'c' ? 'first' : 'last' }
    await server.send('POST', MAPS, { body: { metadata: { name, labels } } })
  }
})

afterEach(() => server.stop())

type List = {
  items: { metadata: { name: string } }[]
  metadata: { continue?: string; remainingItemCount?: number; resourceVersion: string }
}

async function list(query: string, url = MAPS, cluster = 'one'): Promise<List> {
  const { body } = await server.send('GET', `${url}?${query}`, { cluster })
  return body as unknown as List
}

const names = ({ items }: List) => items.map(({ metadata }) => metadata.name).join('')

test('pages hang together, and tell how many are left', async () => {
  const first = await list('limit=2')
  expect([names(first), first.metadata.remainingItemCount]).toEqual(['ab', 3])
  const second = await list(`limit=2&continue=${first.metadata.continue}`)
  expect([names(second), second.metadata.remainingItemCount]).toEqual(['cd', 1])
  const third = await list(`limit=2&continue=${second.metadata.continue}`)
  expect([names(third), third.metadata.continue]).toEqual(['e', undefined])
})

test('later pages show the state of the first', async () => {
  const first = await list('limit=2')
  await server.send('DELETE', `${MAPS}/d`)
  await server.send('POST', MAPS, { body: { metadata: { name: 'cc' } } })
  const rest = await list(`continue=${first.metadata.continue}`)
  expect(names(rest)).toBe('cde')
  expect(rest.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
})

test('pages of a selection are full, and do not tell how many are left', async () => {
  const first = await list('limit=2&labelSelector=parity%3Dlast')
  expect([names(first), first.metadata.remainingItemCount]).toEqual(['cd', undefined])
  expect(names(await list(`limit=2&labelSelector=parity%3Dlast&continue=${first.metadata.continue}`))).toBe('e')
})

test('a token that is too old comes back as one that goes on regardless', async () => {
  const first = await list('limit=2')
  await server.send('DELETE', `${MAPS}/d`)
  server.store.compact(server.store.revision)
  const expired = await server.send('GET', `${MAPS}?continue=${first.metadata.continue}`)
  expect(expired.body).toMatchObject({ code: 410, reason: 'Expired' })
  const { continue: token } = expired.body['metadata'] as { continue: string }
  expect(names(await list(`limit=1&continue=${token}`))).toBe('c')
})

test('a list at one revision shows what was there then', async () => {
  const { metadata } = await list('')
  await server.send('DELETE', `${MAPS}/a`)
  expect(names(await list(`resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`))).toBe('abcde')
  expect(names(await list(`resourceVersion=${metadata.resourceVersion}`))).toBe('bcde')
})

test('pages go over all logical clusters', async () => {
  await server.send('POST', '/api/v1/namespaces', { cluster: 'two', body: { metadata: { name: 'default' } } })
  await server.send('POST', MAPS, { cluster: 'two', body: { metadata: { name: 'z' } } })
  const first = await list('limit=4', '/api/v1/configmaps', '*')
  const second = await list(`limit=4&continue=${first.metadata.continue}`, '/api/v1/configmaps', '*')
  expect(names(first) + names(second)).toBe('abcdez')
})

test('over all logical clusters there is nothing but lists and watches', async () => {
  const { body } = await server.send('POST', MAPS, { cluster: '*', body: { metadata: { name: 'z' } } })
  expect(body).toMatchObject({
    code: 405,
    reason: 'MethodNotAllowed',
    message: expect.stringMatching(/in the `\*` logical cluster$/),
  })
})
