import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TestServer } from '../../requests/test-support.ts'

const MAPS = '/api/v1/namespaces/team/configmaps'
let server: TestServer

beforeEach(async () => {
  server = await TestServer.start()
  await server.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'team' } } })
  await server.settled()
})

afterEach(() => server.stop())

test('a namespace gets a service account and the authority to trust', async () => {
  expect((await server.send('GET', '/api/v1/namespaces/team/serviceaccounts/default')).status).toBe(200)
  const { body } = await server.send('GET', `${MAPS}/kube-root-ca.crt`)
  expect(body['data']).toEqual({ 'ca.crt': 'PEM' })
})

test('what a namespace gets comes back when it is deleted or changed', async () => {
  await server.send('DELETE', '/api/v1/namespaces/team/serviceaccounts/default')
  await server.patch(`${MAPS}/kube-root-ca.crt`, { data: { 'ca.crt': 'other' } })
  await server.settled()
  expect((await server.send('GET', '/api/v1/namespaces/team/serviceaccounts/default')).status).toBe(200)
  const { body } = await server.send('GET', `${MAPS}/kube-root-ca.crt`)
  expect(body['data']).toEqual({ 'ca.crt': 'PEM' })
})

test('a deleted namespace takes its content with it', async () => {
  await server.send('POST', MAPS, { body: { metadata: { name: 'a' } } })
  const { body } = await server.send('DELETE', '/api/v1/namespaces/team')
  expect(body['status']).toEqual({ phase: 'Terminating' })
  await server.settled()
  expect((await server.send('GET', '/api/v1/namespaces/team')).status).toBe(404)
  expect(server.store.count({ resource: 'configmaps', cluster: 'one', namespace: 'team' })).toBe(0)
})

test('a namespace waits for finalizers of its content, says so, and takes nothing new meanwhile', async () => {
  await server.send('POST', MAPS, { body: { metadata: { name: 'a', finalizers: ['example.io/wait'] } } })
  await server.send('DELETE', '/api/v1/namespaces/team')
  await server.settled()
  const { body } = await server.send('GET', '/api/v1/namespaces/team')
  expect(body['status']).toMatchObject({
    conditions: [
      { type: 'NamespaceDeletionDiscoveryFailure', status: 'False' },
      { type: 'NamespaceDeletionGroupVersionParsingFailure', status: 'False' },
      { type: 'NamespaceDeletionContentFailure', status: 'False' },
      {
        type: 'NamespaceContentRemaining',
        status: 'True',
        message: 'Some resources are remaining: configmaps. has 1 resource instances',
      },
      { type: 'NamespaceFinalizersRemaining', status: 'True' },
    ],
  })
  const late = await server.send('POST', MAPS, { body: { metadata: { name: 'late' } } })
  expect(late.body).toMatchObject({
    code: 403,
    message:
      'configmaps "late" is forbidden: unable to create new content in namespace team because it is being terminated',
    details: { causes: [{ reason: 'NamespaceTerminating' }] },
  })
  await server.patch(`${MAPS}/a`, { metadata: { finalizers: null } })
  await vi.waitFor(async () => expect((await server.send('GET', '/api/v1/namespaces/team')).status).toBe(404))
})

test('nothing is created in a namespace that is not there', async () => {
  const { body } = await server.send('POST', '/api/v1/namespaces/nowhere/configmaps', {
    body: { metadata: { name: 'a' } },
  })
  expect(body).toMatchObject({ code: 404, message: 'namespaces "nowhere" not found' })
})

test('the namespace default stays', async () => {
  const { body } = await server.send('DELETE', '/api/v1/namespaces/default')
  expect(body).toMatchObject({
    code: 403,
    message: 'namespaces "default" is forbidden: this namespace may not be deleted',
  })
})
