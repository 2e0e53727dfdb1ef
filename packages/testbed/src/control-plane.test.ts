import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ClusterClient } from './cluster-client.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { scratchDirectory } from './scratch.ts'
import { waitFor } from './wait.ts'

const dir = scratchDirectory()
let controlPlane: ControlPlane

beforeAll(async () => {
  controlPlane = await startControlPlane({
    name: 'trial',
    dir,
    controllers: ['namespace-controller'],
    report: console.log,
  })
})

afterAll(async () => {
  await controlPlane.stop()
})

const configMap = (name: string, namespace = 'default', data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
})

function clientFrom(kubeconfig: string): ClusterClient {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'))
  const text = (base64: string) => Buffer.from(base64, 'base64').toString()
  return new ClusterClient({
    url: clusters[0].cluster.server,
    ca: text(clusters[0].cluster['certificate-authority-data']),
    certificate: text(users[0].user['client-certificate-data']),
    key: text(users[0].user['client-key-data']),
  })
}

test('the kubeconfig names its context as the control plane is named', () => {
  const { contexts, ...rest } = parse(readFileSync(controlPlane.kubeconfig, 'utf8'))
  expect(rest['current-context']).toBe('trial')
  expect(contexts[0].name).toBe('trial')
})

test.each([{ crash: false }, { crash: true }])('objects outlive a restart of the API server: %j', async ({ crash }) => {
  const { client, url } = controlPlane
  const kept = configMap(`kept-${crash}`, 'default', { crash: `${crash}` })
  await client.apply(kept)
  const before = controlPlane.apiServer.pid
  await controlPlane.restartApiServer({ crash })
  expect(controlPlane.apiServer.pid).not.toBe(before)
  expect(controlPlane.url).toBe(url)
  expect((await client.get(kept))?.['data']).toEqual({ crash: `${crash}` })
})

test('a namespace goes with what is in it', async () => {
  const { client } = controlPlane
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'short-lived' } }
  await client.apply(namespace)
  await client.apply(configMap('inside', 'short-lived'))
  await client.delete(namespace)
  await waitFor('the namespace is gone', async () => (await client.get(namespace)) === undefined)
})

describe('a restricted user', () => {
  test('may do what RBAC allows to the user and its groups, and nothing else', async () => {
    const { client } = controlPlane
    await client.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'readers', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
    })
    await client.apply({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'readers', namespace: 'default' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'readers' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'consumers' }],
    })
    await client.apply(configMap('readable'))
    const consumer = clientFrom(await controlPlane.kubeconfigFor({ user: 'ann', groups: ['all', 'consumers'] }))
    expect(await consumer.get(configMap('readable'))).toBeDefined()
    await expect(consumer.delete(configMap('readable'))).rejects.toMatchObject({ status: 403 })
    const stranger = clientFrom(await controlPlane.kubeconfigFor({ user: 'bob' }))
    expect((await stranger.send('GET', '/api/v1/namespaces/default/configmaps/readable')).status).toBe(403)
  })

  test('without credentials sees the health and nothing else', async () => {
    const anonymous = new ClusterClient({ url: controlPlane.url, ca: readFileSync(controlPlane.caFile, 'utf8') })
    expect((await anonymous.send('GET', '/readyz')).status).toBe(200)
    expect((await anonymous.send('GET', '/api/v1/namespaces')).status).toBe(401)
  })
})
