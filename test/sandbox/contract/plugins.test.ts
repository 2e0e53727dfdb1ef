import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Api,
  adminOf,
  CORE,
  createWorkspace,
  grant,
  KCP_ADMIN,
  messageOf,
  RBAC,
  ready,
  TENANCY,
} from './support.ts'

/** The raw requests of kcp's kubectl plugins (contract 13.1 to 13.3), as kcp-admin. */
describe('contract 13', () => {
  let sandbox: Sandbox
  let admin: Api
  const get = (path: string) => admin.call('GET', path, { headers: KCP_ADMIN })

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    await createWorkspace(admin, 'root', 'org', { type: 'organization' })
    await createWorkspace(admin, 'root:org', 'team', { type: 'universal' })
  })
  afterAll(() => sandbox.close())

  test('13.1 kubectl ws :root:org finds discovery and the workspace', async () => {
    expect((await get('/clusters/root:org/api')).status).toBe(200)
    expect((await get('/clusters/root:org/apis')).status).toBe(200)
    expect((await get(`/clusters/root/${TENANCY}/workspaces/org`)).status).toBe(200)
    expect((await get('/clusters/root:org/apis/apis.kcp.io/v1alpha2/apibindings')).status).toBe(200)
  })

  test('13.1 a workspace that is not there is refused at discovery and 404 in its parent', async () => {
    expect([403, 404]).toContain((await get('/clusters/root:nowhere/api')).status)
    expect((await get(`/clusters/root/${TENANCY}/workspaces/nowhere`)).status).toBe(404)
  })

  test('13.1 without access discovery is 403', async () => {
    const user = admin.as('user-1-token')
    expect((await user.call('GET', '/clusters/root:org/api')).status).toBe(403)
    expect((await user.call('GET', '/clusters/root:org/apis')).status).toBe(403)
  })

  test('13.2 kubectl ws ~ makes the home, with 429 until it is Ready', async () => {
    const path = `/clusters/root/${TENANCY}/workspaces/~`
    const first = await get(path)
    expect(first.status).toBe(429)
    expect(first.headers['retry-after']).toBe('1')
    const home = await waitFor('the home is ready', async () => {
      const answer = await get(path)
      return answer.status === 200 ? JSON.parse(answer.text) : undefined
    })
    expect(home).toMatchObject({ kind: 'Workspace', status: { phase: 'Ready' } })
    expect(home.spec.URL).toBe(`${sandbox.url}/clusters/${home.spec.cluster}`)
    const namespaces = await admin.items(`/clusters/${home.spec.cluster}/api/v1/namespaces`)
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['default', 'kube-system'])
  })

  test('13.2 everybody may have a home, without access to root', async () => {
    const carol = { 'impersonate-user': 'carol' }
    const path = `/clusters/root/${TENANCY}/workspaces/~`
    await waitFor('carol has a home', async () => (await admin.call('GET', path, { headers: carol })).status === 200)
    const inside = await admin.call('GET', `/clusters/user:carol/${CORE}/logicalclusters/cluster`, { headers: carol })
    expect(inside.status).toBe(200)
    expect((await admin.call('GET', '/clusters/root/api/v1/namespaces', { headers: carol })).status).toBe(403)
  })

  test('13.2 without create on workspaces/~ in root it is 403', async () => {
    const alice = { 'impersonate-user': 'alice' }
    const path = `/clusters/root/${TENANCY}/workspaces/~`
    const everybody = `/clusters/root/${RBAC}/clusterrolebindings/system:kcp:authenticated:home-workspace-create`
    expect((await admin.call('DELETE', everybody)).status).toBe(200)
    const refused = await admin.call('GET', path, { headers: alice })
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toBe(
      'workspaces.tenancy.kcp.io "~" is forbidden: User "alice" cannot create resource "workspaces" in API group ' +
        '"tenancy.kcp.io" at the cluster scope: workspace access not permitted',
    )
    await grant(admin, 'root', 'alice', 'system:kcp:home-workspace-create')
    await waitFor('alice has a home', async () => (await admin.call('GET', path, { headers: alice })).status === 200)
    const inside = await admin.call('GET', '/clusters/user:alice/api/v1/namespaces', { headers: alice })
    expect(inside.status).toBe(200)
    expect((await admin.call('GET', '/clusters/v1u4alow0iv9/api/v1/namespaces', { headers: alice })).status).toBe(200)
    const other = { 'impersonate-user': 'bob' }
    expect((await admin.call('GET', '/clusters/user:alice/api/v1/namespaces', { headers: other })).status).toBe(403)
  })

  test('13.2 kubectl ws tree lists the workspaces of each level', async () => {
    const names = async (path: string) =>
      (
        JSON.parse((await get(`/clusters/${path}/${TENANCY}/workspaces`)).text).items as {
          metadata: { name: string }
        }[]
      ).map(({ metadata }) => metadata.name)
    expect(await names('root')).toContain('org')
    expect(await names('root:org')).toEqual(['team'])
    expect(await names('root:org:team')).toEqual([])
  })

  test('13.3 kubectl create-workspace posts, gets and waits', async () => {
    const path = `/clusters/root:org/${TENANCY}/workspaces`
    const spec = { type: { name: 'universal' } }
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'made' }, spec }
    expect((await admin.call('POST', path, { body, headers: KCP_ADMIN })).status).toBe(201)
    expect((await get(`${path}/made`)).status).toBe(200)
    const made = await ready(admin, `${path}/made`)
    expect(made.spec.URL).toBe(`${sandbox.url}/clusters/root:org:made`)
    expect(made.spec).toMatchObject({ type: { name: 'universal', path: 'root' } })
  })

  test('13.3 a workspace that is there already is 409, and its type can be compared', async () => {
    const path = `/clusters/root/${TENANCY}/workspaces`
    const spec = { type: { name: 'organization', path: 'root' } }
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'org' }, spec }
    const again = await admin.call('POST', path, { body, headers: KCP_ADMIN })
    expect(again.status).toBe(409)
    expect(JSON.parse(again.text)).toMatchObject({ reason: 'AlreadyExists' })
    expect(JSON.parse((await get(`${path}/org`)).text)).toMatchObject({ spec })
  })
})
