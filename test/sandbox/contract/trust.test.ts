import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS, bind, type Claim, createExport, viewOf, WIDGETS } from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  configMap,
  createWorkspace,
  grant,
  type Json,
  RBAC,
  TENANCY,
} from './support.ts'

const CLAIM: Claim = { resource: 'configmaps', verbs: ['*'] }

/** Somebody who may do everything in one workspace, and tries to get further. */
describe('an administrator of one workspace', () => {
  let sandbox: Sandbox
  let admin: Api
  let user: Api
  let mine: string
  let theirs: string
  /** Of the export in `theirs`. */
  let consumer: string
  const inMine = (path: string) => `/clusters/${mine}/${path}`
  const statusOf = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    (await user.call(method, path, { body, headers })).status

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    user = admin.as('user-1-token')
    const names = ['mine', 'theirs', 'consumer']
    const made = await Promise.all(names.map((name) => createWorkspace(admin, 'root', name, { type: 'universal' })))
    ;[mine, theirs, consumer] = made.map(({ spec }) => spec.cluster) as [string, string, string]
    await grant(admin, mine, 'user-1', 'cluster-admin')
    await createExport(admin, theirs, 'widgets', { claims: [CLAIM] })
    await bind(admin, consumer, ['root:theirs', 'widgets'], [CLAIM])
    await admin.create(`/clusters/${consumer}/${CONFIG_MAPS}`, configMap('private'))
    // What is tested is refused elsewhere, and works here.
    expect((await user.call('POST', inMine(CONFIG_MAPS), { body: configMap('own') })).status).toBe(201)
  })
  afterAll(() => sandbox.close())

  test('reads and writes nothing in others, by name or by path', async () => {
    for (const cluster of [theirs, 'root:theirs', consumer, 'root', 'system:admin', 'system:bound-crds']) {
      expect(await statusOf('GET', `/clusters/${cluster}/${CONFIG_MAPS}`), cluster).toBe(403)
      expect(await statusOf('POST', `/clusters/${cluster}/${CONFIG_MAPS}`, configMap('x')), cluster).toBe(403)
    }
    expect(await statusOf('GET', '/clusters/*/api/v1/secrets')).toBe(403)
    expect(await statusOf('GET', '/clusters/root/api/v1/namespaces/kcp-system/secrets')).toBe(403)
  })

  test('sees nothing behind the export of somebody else', async () => {
    for (const cluster of ['*', consumer, mine]) {
      expect(await statusOf('GET', `${viewOf(theirs, 'widgets', cluster)}/${WIDGETS}`), cluster).toBe(403)
      expect(await statusOf('GET', `${viewOf(theirs, 'widgets', cluster)}/api/v1/configmaps`), cluster).toBe(403)
      expect(await statusOf('GET', `${viewOf(theirs, 'widgets', cluster)}/apis`), cluster).toBe(403)
    }
  })

  test('sees of consumers what they bound and accepted, and nothing by an export of its own that nobody bound', async () => {
    await createExport(admin, mine, 'greedy', { claims: [CLAIM, { resource: 'secrets', verbs: ['*'] }] })
    for (const path of [WIDGETS, 'api/v1/configmaps', 'api/v1/secrets']) {
      expect(await statusOf('GET', `${viewOf(mine, 'greedy', consumer)}/${path}`), path).toBe(403)
      const all = await user.get<{ items: Json[] }>(`${viewOf(mine, 'greedy', '*')}/${path}`)
      expect(all.items, path).toEqual([])
    }
  })

  test('binds to no export without the right to', async () => {
    const spec = { reference: { export: { path: 'root:theirs', name: 'widgets' } } }
    const binding = { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIBinding', metadata: { name: 'stolen' }, spec }
    expect(await statusOf('POST', inMine(`${APIS}/apibindings`), binding)).toBe(403)
  })

  test('takes on nobody of more rights', async () => {
    const others: Record<string, string>[] = [
      { 'impersonate-user': 'x', 'impersonate-group': 'system:masters' },
      { 'impersonate-user': 'x', 'impersonate-group': 'system:kcp:admin' },
      { 'impersonate-user': 'x', 'impersonate-group': 'system:kcp:logical-cluster-admin' },
      { 'impersonate-user': 'x', 'impersonate-group': `system:kcp:initializer:${theirs}:t` },
      {
        'impersonate-user': 'x',
        'impersonate-extra-authorization.kcp.io%2Fwarrant': '{"user":"a","groups":["system:masters"]}',
      },
    ]
    for (const headers of others) {
      expect(await statusOf('GET', inMine(CONFIG_MAPS), undefined, headers), JSON.stringify(headers)).toBe(403)
    }
    const kcpAdmin = { 'impersonate-user': 'kcp-admin' }
    expect(await statusOf('GET', `/clusters/${theirs}/${CONFIG_MAPS}`, undefined, kcpAdmin)).toBe(403)
  })

  test('gives groups of the system rights in its own workspace alone', async () => {
    const apiGroup = 'rbac.authorization.k8s.io'
    const body = {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'everybody' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup, kind: 'Group', name: 'system:authenticated' }],
    }
    expect(await statusOf('POST', inMine(`${RBAC}/clusterrolebindings`), body)).toBe(201)
    expect(await statusOf('GET', `/clusters/${theirs}/${CONFIG_MAPS}`)).toBe(403)
    expect(await statusOf('GET', `/clusters/root/${CONFIG_MAPS}`)).toBe(403)
  })

  test('forges nothing that the system writes', async () => {
    const marked = (metadata: Json) => ({ ...configMap('forged'), metadata: { name: 'forged', ...metadata } })
    const forged: [string, unknown][] = [
      [inMine(CONFIG_MAPS), marked({ annotations: { 'some.kcp.io': 'x' } })],
      [inMine(CONFIG_MAPS), marked({ labels: { 'claimed.internal.apis.kcp.io/x': 'y' } })],
      [
        inMine(`${CORE}/logicalclusters`),
        { apiVersion: 'core.kcp.io/v1alpha1', kind: 'LogicalCluster', metadata: { name: 'cluster' } },
      ],
    ]
    for (const [path, body] of forged) expect(await statusOf('POST', path, body), JSON.stringify(body)).toBe(403)
    const lied = { ...configMap('lied'), metadata: { name: 'lied', annotations: { 'kcp.io/cluster': theirs } } }
    const made = await user.json('POST', inMine(CONFIG_MAPS), { body: lied })
    expect(made.metadata.annotations?.['kcp.io/cluster']).toBe(mine)
    await admin.json('POST', inMine(`${TENANCY}/workspaces`), {
      body: { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'child' } },
    })
    const moved = await user.merge(inMine(`${TENANCY}/workspaces/child`), { spec: { cluster: theirs } })
    expect([403, 422]).toContain(moved.status)
    const status = await user.merge(inMine(`${APIS}/apiexports/greedy/status`), { status: { identityHash: 'stolen' } })
    expect(status.status).toBe(403)
  })

  test("a service account's token is good in its own workspace alone", async () => {
    const accounts = inMine('api/v1/namespaces/default/serviceaccounts')
    await user.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } })
    const { status } = await user.create(`${accounts}/robot/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {},
    })
    const robot = user.as((status as { token: string }).token)
    expect((await robot.call('GET', inMine(CONFIG_MAPS))).status).toBe(200)
    expect((await robot.call('GET', `/clusters/${theirs}/${CONFIG_MAPS}`)).status).toBe(403)
    expect((await robot.call('GET', `${viewOf(theirs, 'widgets', '*')}/${WIDGETS}`)).status).toBe(403)
  })
})
