import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  configMap,
  createRole,
  createWorkspace,
  grant,
  KCP_ADMIN,
  type KubeObject,
  messageOf,
  RBAC,
  TENANCY,
} from './support.ts'

const REVIEWS = 'apis/authorization.k8s.io/v1'

describe('contract 12', () => {
  let sandbox: Sandbox
  let admin: Api
  let user: Api
  let one: string
  let two: string

  const createToken = async (cluster: string, name: string) => {
    const accounts = `/clusters/${cluster}/api/v1/namespaces/default/serviceaccounts`
    await admin.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } })
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const { status } = await admin.create(`${accounts}/${name}/token`, request)
    return admin.as(String(status?.['token']))
  }

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    user = admin.as('user-1-token')
    one = (await createWorkspace(admin, 'root', 'one', { type: 'universal' })).spec.cluster
    two = (await createWorkspace(admin, 'root', 'two', { type: 'universal' })).spec.cluster
    for (const cluster of [one, two]) {
      await createRole(admin, cluster, 'reader', { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] })
    }
    await grant(admin, one, 'user-1', 'reader')
  })
  afterAll(() => sandbox.close())

  test('12.1 the test tokens are users with teams', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    await grant(admin, one, 'user-7', 'cluster-admin')
    const { status } = await admin
      .as('user-7-token')
      .create(`/clusters/${one}/apis/authentication.k8s.io/v1/selfsubjectreviews`, review)
    expect(status).toMatchObject({ userInfo: { username: 'user-7', groups: ['team-7', 'system:authenticated'] } })
  })

  test('12.1 a bad token is 401', async () => {
    expect((await admin.as('nonsense').call('GET', `/clusters/${one}/api`)).status).toBe(401)
  })

  test('12.3 system:kcp:admin may everything in every workspace', async () => {
    const answer = await admin.call('GET', `/clusters/${two}/${CONFIG_MAPS}`, { headers: KCP_ADMIN })
    expect(answer.status).toBe(200)
    const workspaces = await admin.call('GET', `/clusters/${two}/${TENANCY}/workspaces`, { headers: KCP_ADMIN })
    expect(workspaces.status).toBe(200)
  })

  test('12.4 without access to the workspace a role inside counts for nothing', async () => {
    const refused = await user.call('GET', `/clusters/${one}/${CONFIG_MAPS}`)
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toMatch(/in the namespace "default": access denied$/)
    await grant(admin, one, 'user-1', 'system:kcp:workspace:access')
    expect((await user.call('GET', `/clusters/${one}/${CONFIG_MAPS}`)).status).toBe(200)
    expect((await user.call('GET', `/clusters/${two}/${CONFIG_MAPS}`)).status).toBe(403)
  })

  test('12.4 system:authenticated has no access by default', async () => {
    for (const cluster of ['root', one, two]) {
      expect((await admin.as('user-9-token').call('GET', `/clusters/${cluster}/api`)).status).toBe(403)
    }
  })

  test('12.4 required groups: comma is and, semicolon is or', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'grouped', { type: 'universal' })
    const path = `/clusters/${spec.cluster}`
    for (const name of ['user-1', 'user-2', 'user-3']) await grant(admin, spec.cluster, name, 'cluster-admin')
    const annotations = { 'authorization.kcp.io/required-groups': 'team-1,system:authenticated;team-2' }
    await admin.merge(`${path}/${CORE}/logicalclusters/cluster`, { metadata: { annotations } })
    const statusOf = async (token: string) => (await admin.as(token).call('GET', `${path}/${CONFIG_MAPS}`)).status
    expect(await statusOf('user-1-token')).toBe(200)
    expect(await statusOf('user-2-token')).toBe(200)
    expect(await statusOf('user-3-token')).toBe(403)
    expect((await admin.call('GET', `${path}/${CONFIG_MAPS}`, { headers: KCP_ADMIN })).status).toBe(200)
  })

  test('12.4 the status of exports and bindings is not for users', async () => {
    for (const type of ['apiexports/tenancy.kcp.io', 'apibindings/tenancy.kcp.io']) {
      const answer = await admin.merge(`/clusters/root/apis/apis.kcp.io/v1alpha2/${type}/status`, {}, KCP_ADMIN)
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toMatch(/: access denied$/)
    }
  })

  test('12.4 a service account has access to its own workspace', async () => {
    const account = await createToken(one, 'local')
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'local' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'local' }],
    }
    await admin.create(`/clusters/${one}/${RBAC}/clusterrolebindings`, binding)
    expect((await account.call('GET', `/clusters/${one}/${CONFIG_MAPS}`)).status).toBe(200)
    expect((await account.call('GET', `/clusters/${two}/${CONFIG_MAPS}`)).status).toBe(403)
  })

  test('12.6 tenancy is limited by root: what its policy does not give, cluster-admin does not have', async () => {
    await grant(admin, two, 'user-4', 'cluster-admin')
    const path = `/clusters/${two}/${TENANCY}/workspaces`
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'child' }, spec: {} }
    expect((await admin.as('user-4-token').call('POST', path, { body })).status).toBe(201)
    const status = await admin.as('user-4-token').merge(`${path}/child/status`, { status: { phase: 'Ready' } })
    expect(status.status).toBe(403)
    expect(messageOf(status)).toMatch(/: access denied$/)
  })

  test('12.7 a service account of another workspace is known by its global name', async () => {
    const account = await createToken(one, 'traveller')
    const name = `system:kcp:serviceaccount:${one}:default:traveller`
    await grant(admin, two, name, 'reader').catch(() => undefined)
    for (const role of ['reader', 'system:kcp:workspace:access']) {
      const path = `/clusters/${two}/${RBAC}/clusterrolebindings`
      await admin.create(path, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `traveller-${role.replaceAll(':', '-')}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
      })
    }
    expect((await account.call('GET', `/clusters/${two}/${CONFIG_MAPS}`)).status).toBe(200)
  })

  test('12.7 a foreign service account is somebody authenticated, and of the group of its workspace', async () => {
    const account = await createToken(one, 'visitor')
    const visited = (await createWorkspace(admin, 'root', 'visited', { type: 'universal' })).spec.cluster
    await createRole(admin, visited, 'reader', { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] })
    const group = `system:cluster:${one}`
    expect((await account.call('GET', `/clusters/${visited}/${CONFIG_MAPS}`)).status).toBe(403)
    for (const role of ['reader', 'system:kcp:workspace:access']) {
      await admin.create(`/clusters/${visited}/${RBAC}/clusterrolebindings`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: `visitors-${role.replaceAll(':', '-')}` },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }],
      })
    }
    expect((await account.call('GET', `/clusters/${visited}/${CONFIG_MAPS}`)).status).toBe(200)
  })

  describe('15.3 a Secret of type kubernetes.io/service-account-token', () => {
    const tokenSecret = (name: string, account: string) => ({
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
      metadata: { name, annotations: { 'kubernetes.io/service-account.name': account } },
    })
    type Secret = KubeObject & { data?: Record<string, string> }
    const decoded = ({ data }: Secret, key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString()

    test('is filled with a token that acts as the account in its workspace, and goes with it', async () => {
      const namespace = `/clusters/${one}/api/v1/namespaces/default`
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'old-style' } }
      const { metadata } = await admin.create(`${namespace}/serviceaccounts`, account)
      await admin.create(`${namespace}/secrets`, tokenSecret('bearer', 'old-style'))
      const filled = await waitFor('it is filled', async () => {
        const secret = await admin.get<Secret>(`${namespace}/secrets/bearer`)
        return secret.data?.['token'] === undefined ? undefined : secret
      })
      expect(decoded(filled, 'namespace')).toBe('default')
      expect(decoded(filled, 'ca.crt')).toBe(sandbox.ca)
      expect(filled.metadata.annotations).toMatchObject({ 'kubernetes.io/service-account.uid': metadata.uid })
      const bearer = admin.as(decoded(filled, 'token'))
      expect((await bearer.call('GET', `/clusters/${one}/api`)).status).toBe(200)
      expect((await bearer.call('GET', `/clusters/${two}/api`)).status).toBe(403)
      await admin.call('DELETE', `${namespace}/serviceaccounts/old-style`)
      await waitFor('it is gone', async () => (await admin.call('GET', `${namespace}/secrets/bearer`)).status === 404)
      expect((await bearer.call('GET', `/clusters/${one}/api`)).status).toBe(401)
    })

    test('is deleted where there is no such account', async () => {
      const secrets = `/clusters/${one}/api/v1/namespaces/default/secrets`
      await admin.create(secrets, tokenSecret('lonely', 'nobody'))
      await waitFor('it is gone', async () => (await admin.call('GET', `${secrets}/lonely`)).status === 404)
    })
  })

  test('12.7 a local account of the same name is somebody else', async () => {
    await createToken(two, 'double')
    await admin.create(`/clusters/${two}/${RBAC}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'double' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'double' }],
    })
    const foreign = await createToken(one, 'double')
    expect((await foreign.call('GET', `/clusters/${two}/${CONFIG_MAPS}`)).status).toBe(403)
  })

  test('12.7 a scope limits a user to a logical cluster', async () => {
    const scoped = (cluster: string) => ({
      ...KCP_ADMIN,
      'impersonate-extra-authentication.kcp.io%2fscopes': `cluster:${cluster}`,
    })
    expect((await admin.call('GET', `/clusters/${one}/${CONFIG_MAPS}`, { headers: scoped(one) })).status).toBe(200)
    expect((await admin.call('GET', `/clusters/${one}/${CONFIG_MAPS}`, { headers: scoped(two) })).status).toBe(403)
  })

  test('12.7 a warrant gives rights besides the own ones', async () => {
    const extra = { 'authentication.kcp.io/scopes': [`cluster:${one}`] }
    const warrant = JSON.stringify({ user: 'x', groups: ['system:kcp:admin'], extra })
    const headers = { 'impersonate-user': 'nobody', 'impersonate-extra-authorization.kcp.io%2fwarrant': warrant }
    expect((await admin.call('GET', `/clusters/${one}/${CONFIG_MAPS}`, { headers })).status).toBe(200)
    expect((await admin.call('GET', `/clusters/${two}/${CONFIG_MAPS}`, { headers })).status).toBe(403)
  })

  test('12.8 nobody raises their privilege by impersonation', async () => {
    await grant(admin, one, 'user-5', 'cluster-admin')
    const path = `/clusters/${one}/${CONFIG_MAPS}`
    const statusAs = async (headers: Record<string, string>) =>
      (await admin.as('user-5-token').call('GET', path, { headers: { 'impersonate-user': 'x', ...headers } })).status
    expect(await statusAs({ 'impersonate-group': 'system:masters' })).toBe(403)
    expect(await statusAs({ 'impersonate-group': 'system:kcp:admin' })).toBe(403)
    const warrant = JSON.stringify({ user: 'x', groups: ['system:masters'] })
    expect(await statusAs({ 'impersonate-extra-authorization.kcp.io%2fwarrant': warrant })).toBe(403)
    expect(await statusAs({ 'impersonate-extra-authentication.kcp.io%2fscopes': `cluster:${one}` })).toBe(403)
  })

  test('12.8 impersonation counts in the logical cluster of the request only', async () => {
    await grant(admin, one, 'user-6', 'cluster-admin')
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const headers = { 'impersonate-user': 'user-5' }
    const path = `/clusters/${one}/apis/authentication.k8s.io/v1/selfsubjectreviews`
    const answer = await admin.as('user-6-token').json('POST', path, { body: review, headers })
    expect(answer.status?.['userInfo']).toMatchObject({
      username: 'user-5',
      extra: { 'authentication.kcp.io/scopes': [`cluster:${one}`] },
    })
  })

  test('12.4 roles and bindings of system:admin count in every workspace, and rules reviews show them', async () => {
    await createRole(admin, 'system:admin', 'lister', { apiGroups: [''], resources: ['secrets'], verbs: ['list'] })
    await createRole(admin, 'system:admin', 'leaser', {
      ...{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list'] },
    })
    await grant(admin, two, 'user-11', 'system:kcp:workspace:access')
    await grant(admin, two, 'user-11', 'lister')
    await grant(admin, 'system:admin', 'user-11', 'leaser')
    const api = admin.as('user-11-token')
    expect((await api.call('GET', `/clusters/${two}/api/v1/secrets`)).status).toBe(200)
    expect((await api.call('GET', `/clusters/${two}/apis/coordination.k8s.io/v1/leases`)).status).toBe(200)
    expect((await api.call('GET', `/clusters/${one}/api/v1/secrets`)).status).toBe(403)
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: 'default' },
    }
    const { status } = await api.create(`/clusters/${two}/${REVIEWS}/selfsubjectrulesreviews`, review)
    expect(status).toMatchObject({ incomplete: false })
    const rules = (status?.['resourceRules'] ?? []) as { resources: string[] }[]
    const resources = rules.flatMap((rule) => rule.resources)
    expect(resources).toEqual(expect.arrayContaining(['secrets', 'leases']))
  })

  describe('a rules review has each rule once', () => {
    const EVERYTHING = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
    const EVERYBODYS = [
      { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
      {
        ...{ verbs: ['create'], apiGroups: ['authorization.k8s.io'] },
        resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      },
    ]
    const OPEN = ['/healthz', '/livez', '/readyz', '/version', '/version/']
    const DISCOVERY = ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz']
    const NON_RESOURCE = [[...DISCOVERY, '/version', '/version/'], OPEN, ['/']]
    const ACCOUNT = 'system:serviceaccount:default:default'
    const WARRANT = JSON.stringify({ user: 'user', groups: ['system:kcp:admin'] })
    const HERE = '<here>'
    type Case = { who: string; user: string; extra: Record<string, string>; warrant?: string; all: boolean }
    let reviewed: string
    beforeAll(async () => {
      reviewed = (await createWorkspace(admin, 'root', 'reviewed', { type: 'universal' })).spec.cluster
      await admin.create(`/clusters/${reviewed}/${RBAC}/clusterrolebindings`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'everybody-enters' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:kcp:workspace:access' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:authenticated' }],
      })
    })

    test.each<Case>([
      { who: 'an administrator', user: 'user', extra: {}, all: true },
      { who: 'one in scope', user: 'user', extra: { scopes: `cluster:${HERE}` }, all: true },
      { who: 'one out of scope', user: 'user', extra: { scopes: 'cluster:other' }, all: false },
      { who: 'a service account', user: ACCOUNT, extra: {}, all: true },
      { who: 'a service account of here', user: ACCOUNT, extra: { 'cluster-name': HERE }, all: true },
      { who: 'a service account of elsewhere', user: ACCOUNT, extra: { 'cluster-name': 'other' }, all: false },
      {
        ...{ who: 'a service account of here with a scope elsewhere', user: ACCOUNT },
        ...{ extra: { 'cluster-name': HERE, scopes: 'cluster:other' }, all: false },
      },
      {
        ...{ who: 'a service account of elsewhere with a warrant', user: ACCOUNT, warrant: WARRANT },
        ...{ extra: { 'cluster-name': 'other' }, all: true },
      },
    ])('12.7 for $who', async ({ user: name, extra, warrant, all }) => {
      const extras = Object.entries(extra).map(([key, value]) => [
        `impersonate-extra-authentication.kcp.io%2f${key}`,
        value.replace(HERE, reviewed),
      ])
      const headers = {
        ...{ 'impersonate-user': name, 'impersonate-group': 'system:kcp:admin', ...Object.fromEntries(extras) },
        ...(warrant !== undefined && { 'impersonate-extra-authorization.kcp.io%2fwarrant': warrant }),
      }
      const body = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace: 'default' },
      }
      const path = `/clusters/${reviewed}/${REVIEWS}/selfsubjectrulesreviews`
      const { status } = await admin.json('POST', path, { body, headers })
      expect(status).toMatchObject({ incomplete: false })
      const rules = status?.['resourceRules'] as object[]
      expect(rules).toHaveLength(all ? 3 : 2)
      expect(rules).toEqual(expect.arrayContaining(all ? [EVERYTHING, ...EVERYBODYS] : EVERYBODYS))
      if (all) return
      const others = status?.['nonResourceRules'] as { nonResourceURLs: string[] }[]
      const urls = others.map((each) => each.nonResourceURLs)
      expect(urls).toHaveLength(NON_RESOURCE.length)
      expect(urls).toEqual(expect.arrayContaining(NON_RESOURCE))
    })
  })

  test('12.9 a deep SubjectAccessReview does not ask for access to the workspace', async () => {
    await grant(admin, two, 'user-8', 'reader')
    const spec = { user: 'user-8', resourceAttributes: { verb: 'list', resource: 'configmaps' } }
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec }
    const ask = async (api: Api, headers: Record<string, string>) => {
      const answer = await api.json('POST', `/clusters/${two}/${REVIEWS}/subjectaccessreviews`, { body, headers })
      return answer.status
    }
    const deep = { 'x-kcp-internal-deep-subjectaccessreview': 'true' }
    expect(await ask(admin, {})).toEqual({ allowed: false, reason: 'access denied' })
    expect(await ask(admin, deep)).toEqual({ allowed: true, reason: 'access granted' })
    expect(await ask(admin, { ...deep, ...KCP_ADMIN })).toMatchObject({ allowed: false })
  })

  test('12.10 a service account needs no /clusters in its URLs', async () => {
    const account = await createToken(one, 'in-cluster')
    const name = `system:kcp:serviceaccount:${one}:default:in-cluster`
    await admin.create(`/clusters/${one}/${RBAC}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'in-cluster' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
    })
    await account.create(`/${CONFIG_MAPS}`, configMap('by-account'))
    const { metadata } = await admin.get(`/clusters/${one}/${CONFIG_MAPS}/by-account`)
    expect(metadata.annotations).toMatchObject({ 'kcp.io/cluster': one })
  })
})
