import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS, createExport } from './exports-support.ts'
import {
  type Answer,
  type Api,
  adminOf,
  CONFIG_MAPS,
  configMap,
  createRole,
  createWorkspace,
  grant,
  type Json,
  KCP_ADMIN,
  messageOf,
  ready,
  TENANCY,
  WORKSPACES,
} from './support.ts'

const EXTEND = { with: [{ name: 'universal', path: 'root' }] }

describe('contract 4.2 and 15.4', () => {
  let sandbox: Sandbox
  let admin: Api
  let user: Api
  let tenant: string
  let provider: string

  const typesIn = (cluster: string) => `/clusters/${cluster}/${TENANCY}/workspacetypes`
  const workspaceType = (name: string, spec: Json = {}) => ({
    ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'WorkspaceType', metadata: { name } },
    spec: { extend: EXTEND, ...spec },
  })
  const create = (name: string, spec: Json, api = user): Promise<Answer> =>
    api.call('POST', typesIn(tenant), { body: workspaceType(name, spec) })

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    user = admin.as('user-1-token')
    tenant = (await createWorkspace(admin, 'root', 'tenant', { type: 'universal' })).spec.cluster
    provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
    await grant(admin, tenant, 'user-1', 'cluster-admin')
  })
  afterAll(() => sandbox.close())

  const NO_PATH = { name: 'universal' }
  test.each([
    ['root', {}, 'root workspace type can only be created in root cluster'],
    ['child', { defaultChildWorkspaceType: NO_PATH }, '.spec.defaultChildWorkspaceType.path must be set'],
    [
      'children',
      { limitAllowedChildren: { types: [NO_PATH] } },
      '.spec.limitAllowedChildren.types[0].path must be set',
    ],
    [
      'parents',
      { limitAllowedParents: { types: [{ ...NO_PATH, path: 'root' }, NO_PATH] } },
      '.spec.limitAllowedParents.types[1].path must be set',
    ],
  ])('4.2 type %s with %j: 403', async (name, spec, message) => {
    const answer = await create(name, spec)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain(message)
  })

  test('4.1 a workspace that is mounted has no type: 403', async () => {
    const body = {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'mounted' } },
      spec: {
        type: { name: 'universal', path: 'root' },
        mount: { ref: { apiVersion: 'example.io/v1', kind: 'Cluster', name: 'far' } },
      },
    }
    const answer = await admin.call('POST', WORKSPACES, { body, headers: KCP_ADMIN })
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('spec.type cannot be set for mounted workspaces')
  })

  test.each(['kind', 'name', 'apiVersion'])('4.1 a mount says something for %s: 403', async (field) => {
    const ref = { apiVersion: 'example.io/v1', kind: 'Cluster', name: 'far', [field]: '' }
    const body = {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'nothing' } },
      spec: { mount: { ref } },
    }
    const answer = await admin.call('POST', WORKSPACES, { body, headers: KCP_ADMIN })
    expect([answer.status, messageOf(answer)]).toEqual([
      403,
      expect.stringContaining(`spec.mount.${field} must be set`),
    ])
  })

  test('15.4 who makes a type needs bind on the exports that it binds', async () => {
    const reference = { path: 'root:provider', export: 'later' }
    const refused = await create('binding', { defaultAPIBindings: [reference] })
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain('no permission to bind to export root:provider:later')
    const lost = await create('lost', { defaultAPIBindings: [{ path: 'root:nowhere', export: 'later' }] })
    expect(messageOf(lost)).toContain('no permission to bind to export root:nowhere:later')

    const rule = { apiGroups: ['apis.kcp.io'], resources: ['apiexports'], verbs: ['bind'], resourceNames: ['later'] }
    await createRole(admin, provider, 'bind-later', rule)
    await grant(admin, provider, 'user-1', 'bind-later')
    // The export itself may come later.
    expect((await create('binding', { defaultAPIBindings: [reference] })).status).toBe(201)
  })

  test('15.4 an update is checked for what it adds, and lets be what was there', async () => {
    const there = { path: 'root:provider', export: 'foreign' }
    await admin.create(typesIn(tenant), workspaceType('kept', { defaultAPIBindings: [there] }))
    const path = `${typesIn(tenant)}/kept`
    const labelled = await user.merge(path, { metadata: { labels: { a: 'b' } } })
    expect(labelled.status).toBe(200)
    const more = await user.merge(path, {
      spec: { defaultAPIBindings: [there, { export: 'own' }, { ...there, export: 'other' }] },
    })
    expect(more.status).toBe(403)
    expect(messageOf(more)).toContain('no permission to bind to export root:provider:other')
    expect((await user.merge(path, { spec: { defaultAPIBindings: [there, { export: 'own' }] } })).status).toBe(200)
  })

  describe('default bindings that are added later', () => {
    const claim = { resource: 'configmaps', verbs: ['get'] }
    const bindingsOf = async (cluster: string, name: string) =>
      (await admin.items(`/clusters/${cluster}/${APIS}/apibindings`)).filter(
        ({ spec }) => (spec as { reference: { export: { name: string } } }).reference.export.name === name,
      )
    const workspaceOf = async (name: string, type: string): Promise<string> => {
      const path = `/clusters/root/${TENANCY}/workspaces`
      const spec = { type: { name: type, path: 'root:tenant' } }
      await admin.create(path, { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name }, spec })
      return (await ready(admin, `${path}/${name}`)).spec.cluster
    }

    test('4.2 reach workspaces with Maintain, with what their exports claim then, and no others', async () => {
      await createExport(admin, provider, 'added', { schema: 'none', claims: [claim] })
      await admin.create(typesIn(tenant), workspaceType('maintained', { defaultAPIBindingLifecycle: 'Maintain' }))
      await admin.create(typesIn(tenant), workspaceType('once', { defaultAPIBindingLifecycle: 'InitializeOnly' }))
      const maintained = await workspaceOf('maintained', 'maintained')
      const once = await workspaceOf('once', 'once')
      for (const name of ['once', 'maintained']) {
        const defaultAPIBindings = [
          { path: 'root:provider', export: 'added' },
          { path: 'root:provider', export: 'unborn' },
        ]
        await admin.merge(`${typesIn(tenant)}/${name}`, { spec: { defaultAPIBindings } })
      }
      await waitFor('it is bound', async () => (await bindingsOf(maintained, 'added')).length > 0)
      await createExport(admin, provider, 'unborn', { schema: 'none' })
      await waitFor('the other is bound', async () => (await bindingsOf(maintained, 'unborn')).length > 0)
      expect(await bindingsOf(once, 'added')).toEqual([])

      const claims = [claim, { resource: 'secrets', verbs: ['get'] }]
      await admin.merge(`/clusters/${provider}/${APIS}/apiexports/added`, { spec: { permissionClaims: claims } })
      const accepted = await waitFor('it accepts all', async () => {
        const [binding] = await bindingsOf(maintained, 'added')
        const found = binding?.spec?.['permissionClaims'] as Json[]
        return found.length === 2 ? found : undefined
      })
      expect(accepted.map(({ resource, state }) => [resource, state])).toEqual([
        ['configmaps', 'Accepted'],
        ['secrets', 'Accepted'],
      ])
      expect(
        (await admin.create(`/clusters/${maintained}/${CONFIG_MAPS}`, configMap('seen'))).metadata.labels,
      ).toBeDefined()
    })
  })
})
