import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Answer,
  type Api,
  adminOf,
  CORE,
  CRDS,
  createRole,
  createWorkspace,
  grant,
  type Json,
  KCP_ADMIN,
  messageOf,
  RBAC,
  ready,
  TENANCY,
  WORKSPACES,
} from './support.ts'

const TYPES = `/clusters/root/${TENANCY}/workspacetypes`

describe('contract 4.1 and 4.2', () => {
  let sandbox: Sandbox
  let admin: Api

  const workspace = (name: string, spec: Json = {}, metadata: Json = {}) => ({
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name, ...metadata },
    spec,
  })
  const post = (name: string, spec?: Json, metadata?: Json, path = WORKSPACES): Promise<Answer> =>
    admin.call('POST', path, { body: workspace(name, spec, metadata), headers: KCP_ADMIN })
  const createType = (name: string, spec: Json = {}) =>
    admin.create(TYPES, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name },
      spec: { ...spec, extend: { with: [{ name: 'universal', path: 'root' }] } },
    })

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    await createType('childless', { limitAllowedChildren: { none: true } })
    await createType('plain')
  })
  afterAll(() => sandbox.close())

  test('4.1 a workspace has cluster, URL, annotations and a finalizer', async () => {
    expect((await post('complete')).status).toBe(201)
    const { spec, metadata } = await ready(admin, `${WORKSPACES}/complete`)
    expect(spec.URL).toBe(`${sandbox.url}/clusters/root:complete`)
    expect(metadata.finalizers).toEqual(['core.kcp.io/logicalcluster'])
    expect(metadata.annotations).toMatchObject({
      'core.kcp.io/shard': 'root',
      'internal.tenancy.kcp.io/shard': '1pfxsevk',
      'internal.tenancy.kcp.io/cluster': spec.cluster,
    })
  })

  test('4.1 the owner is recorded from the caller, and reduced to the name once Ready', async () => {
    const created = JSON.parse((await post('owned')).text)
    const owner = 'experimental.tenancy.kcp.io/owner'
    expect(JSON.parse(created.metadata.annotations[owner])).toMatchObject({
      username: 'kcp-admin',
      groups: expect.arrayContaining(['system:kcp:admin']),
    })
    const reduced = await waitFor('the owner is reduced', async () => {
      const { metadata } = await admin.get(`${WORKSPACES}/owned`)
      const value = metadata.annotations?.[owner] ?? ''
      return value.includes('groups') ? undefined : value
    })
    expect(JSON.parse(reduced)).toEqual({ username: 'kcp-admin' })
  })

  test('4.1 the table has Type, Region, Phase, URL and Age', async () => {
    const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
    const table = await admin.json<{ columnDefinitions: { name: string }[] }>('GET', WORKSPACES, { headers })
    expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Type', 'Region', 'Phase', 'URL', 'Age'])
  })

  test.each(['cluster', 'URL'])('4.1 spec.%s is for system:masters', async (field) => {
    const answer = await post(`with-${field.toLowerCase()}`, { [field]: 'https://x' })
    expect(answer.status).toBe(403)
    const name = field === 'cluster' ? 'Cluster' : field
    expect(messageOf(answer)).toContain(`spec.${name} can only be set by system privileged users`)
  })

  test('4.1 the type is immutable', async () => {
    await post('fixed')
    const answer = await admin.merge(`${WORKSPACES}/fixed`, { spec: { type: { name: 'plain' } } })
    expect(answer.status).toBeGreaterThanOrEqual(403)
    expect((await admin.get(`${WORKSPACES}/fixed`)).spec?.['type']).toEqual({ name: 'organization', path: 'root' })
  })

  test('4.1 the type without a name is that of the parent’s default children', async () => {
    const { spec } = JSON.parse((await post('defaulted')).text)
    expect(spec.type).toEqual({ name: 'organization', path: 'root' })
  })

  test('4.1 a parent whose type has no default child type refuses a workspace without type', async () => {
    await createWorkspace(admin, 'root', 'no-default', { type: 'plain' })
    const answer = await post('child', {}, {}, `/clusters/root:no-default/${TENANCY}/workspaces`)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('defaultChildWorkspaceType')
  })

  test('4.1 a type without a path is searched in the current path, its parents and root', async () => {
    await createWorkspace(admin, 'root', 'searching', { type: 'universal' })
    const path = `/clusters/root:searching/${TENANCY}/workspaces`
    const { spec } = JSON.parse((await post('found', { type: { name: 'plain' } }, {}, path)).text)
    expect(spec.type).toEqual({ name: 'plain', path: 'root' })
  })

  test('4.1 an unknown type is 403', async () => {
    const answer = await post('typeless', { type: { name: 'nothing', path: 'root' } })
    expect(answer.status).toBe(403)
  })

  test('4.1 using a type needs the verb use', async () => {
    await grant(admin, 'root', 'user-1', 'cluster-admin')
    await createType('locked')
    const user = admin.as('user-2-token')
    await createRole(admin, 'root', 'creator', {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspaces'],
      verbs: ['*'],
    })
    await grant(admin, 'root', 'user-2', 'creator')
    await grant(admin, 'root', 'user-2', 'system:kcp:workspace:access')
    const body = workspace('unused', { type: { name: 'locked', path: 'root' } })
    const refused = await user.call('POST', WORKSPACES, { body })
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain("missing verb='use' permission on workspacetype")
    const rule = {
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: ['locked'],
      verbs: ['use'],
    }
    await createRole(admin, 'root', 'use-locked', rule)
    await grant(admin, 'root', 'user-2', 'use-locked')
    expect((await user.call('POST', WORKSPACES, { body })).status).toBe(201)
  })

  test('4.1 a type that allows no children has none', async () => {
    await createWorkspace(admin, 'root', 'childless', { type: 'childless' })
    const path = `/clusters/root:childless/${TENANCY}/workspaces`
    const answer = await post('child', { type: { name: 'universal', path: 'root' } }, {}, path)
    expect(answer.status).toBe(403)
  })

  test('4.1 a type that limits its parents is refused elsewhere', async () => {
    await createWorkspace(admin, 'root', 'no-team', { type: 'universal' })
    const path = `/clusters/root:no-team/${TENANCY}/workspaces`
    const answer = await post('team', { type: { name: 'team', path: 'root' } }, {}, path)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('only allows [root:organization root:team] parent workspaces')
  })

  test('4.1 required groups are copied from the parent', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'grouped', { type: 'universal' })
    const annotations = { 'authorization.kcp.io/required-groups': 'system:kcp:admin' }
    await admin.merge(`/clusters/${spec.cluster}/${CORE}/logicalclusters/cluster`, { metadata: { annotations } })
    const path = `/clusters/${spec.cluster}/${TENANCY}/workspaces`
    const child = JSON.parse((await post('child', { type: { name: 'universal' } }, {}, path)).text)
    expect(child.metadata.annotations).toMatchObject(annotations)
  })

  test('4.1 labels of the type are added, and do not replace what is there', async () => {
    await createType('labelling', { additionalWorkspaceLabels: { a: 'type', b: 'type' } })
    const answer = await post('labelled', { type: { name: 'labelling', path: 'root' } }, { labels: { a: 'own' } })
    expect(JSON.parse(answer.text).metadata.labels).toEqual({ a: 'own', b: 'type' })
  })

  test('4.1 a mounted workspace is served where its object says, and has no logical cluster', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'mounting', { type: 'universal' })
    const inside = `/clusters/${spec.cluster}`
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
    await admin.create(`${inside}/${CRDS}`, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'mounts.example.org' },
      spec: {
        ...{ group: 'example.org', scope: 'Cluster', names: { plural: 'mounts', kind: 'Mount' } },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    })
    const mount = { apiVersion: 'example.org/v1', kind: 'Mount', metadata: { name: 'm' } }
    const body = { ...mount, status: { phase: 'Ready', URL: 'https://elsewhere.example.org' } }
    const mounts = `${inside}/apis/example.org/v1/mounts`
    await waitFor('it is served', async () => (await admin.call('POST', mounts, { body })).status === 201)
    const ref = { apiVersion: 'example.org/v1', kind: 'Mount', name: 'm' }
    const path = `${inside}/${TENANCY}/workspaces`
    await admin.create(path, workspace('mounted', { mount: { ref } }))
    const mounted = await waitFor('it is Ready', async () => {
      const found = await admin.get(`${path}/mounted`)
      return found.status?.['phase'] === 'Ready' ? found : undefined
    })
    expect(mounted.spec).toMatchObject({ URL: 'https://elsewhere.example.org' })
    expect(mounted.spec).not.toHaveProperty('cluster')
    expect((await admin.merge(`${path}/mounted`, { spec: { mount: { ref: { ...ref, name: 'n' } } } })).status).toBe(422)
  })

  test.each(['any', 'system'])('4.2 the name %s is reserved', async (name) => {
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name }, spec: {} }
    expect((await admin.call('POST', TYPES, { body })).status).toBeGreaterThanOrEqual(403)
  })

  test('4.2 every type has both kinds of virtual workspaces for every shard', async () => {
    const { status } = await waitFor('the type is ready', async () => {
      const type = await admin.get(`${TYPES}/plain`)
      return type.status?.['virtualWorkspaces'] === undefined ? undefined : type
    })
    const base = sandbox.shards[0]!.virtualWorkspaceUrl
    expect(status?.['virtualWorkspaces']).toEqual([
      { url: `${base}/services/initializingworkspaces/root:plain`, type: 'initializing' },
      { url: `${base}/services/terminatingworkspaces/root:plain`, type: 'terminating' },
    ])
  })

  test('4.2 root has universal, root, organization, team and home', async () => {
    const types = Object.fromEntries((await admin.items(TYPES)).map(({ metadata, spec }) => [metadata.name, spec]))
    const universal = { name: 'universal', path: 'root' }
    expect(types['universal']).toMatchObject({
      initializer: true,
      defaultAPIBindings: [
        { path: 'root', export: 'tenancy.kcp.io' },
        { path: 'root', export: 'topology.kcp.io' },
      ],
    })
    expect(types['organization']).toMatchObject({
      limitAllowedParents: { types: [{ name: 'root', path: 'root' }] },
      limitAllowedChildren: { types: [universal] },
    })
    expect(types['home']).toMatchObject({ limitAllowedParents: { none: true } })
    expect(Object.keys(types)).toEqual(expect.arrayContaining(['root', 'team']))
  })

  test('5.1 the owner is cluster-admin of the new workspace', async () => {
    await post('administered')
    const { spec } = await ready(admin, `${WORKSPACES}/administered`)
    const binding = await admin.get<Json>(`/clusters/${spec.cluster}/${RBAC}/clusterrolebindings/workspace-admin`)
    expect(binding).toMatchObject({
      roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', name: 'kcp-admin' }],
    })
  })
})
