import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  APIS,
  bind,
  boundBinding,
  createExport,
  OLD_APIS,
  WIDGETS,
  WIDGETS_IN_DEFAULT,
  widget,
  widgetSchema,
} from './exports-support.ts'
import {
  type Api,
  adminOf,
  CRDS,
  conditionsOf,
  createRole,
  createWorkspace,
  grant,
  type Json,
  type KubeObject,
  LOGICAL_CLUSTER,
  messageOf,
} from './support.ts'

function definition(group: string, plural: string, kind: string): object {
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Cluster', names: { plural, kind }, versions: [version] },
  }
}

function apiBinding(name: string, path: string | undefined, exportName: string): object {
  return {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name },
    spec: { reference: { export: { ...(path !== undefined && { path }), name: exportName } } },
  }
}

describe('contract 2.7, 2.8, 4.6, 5.4 to 5.6', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string
  let counter = 0

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
    await createExport(admin, provider, 'widgets')
  })
  afterAll(() => sandbox.close())

  const consumer = async () =>
    (await createWorkspace(admin, 'root', `consumer-${++counter}`, { type: 'universal' })).spec.cluster
  const bindings = (cluster: string) => `/clusters/${cluster}/${APIS}/apibindings`
  const locks = async (cluster: string) => {
    const { metadata } = await admin.get(`/clusters/${cluster}/${LOGICAL_CLUSTER}`)
    return JSON.parse(metadata.annotations?.['internal.apis.kcp.io/resource-bindings'] ?? '{}') as Json
  }
  const condition = (path: string, type: string, reason: string) =>
    waitFor(`${path} is ${reason}`, async () => {
      const found = await admin.get(path)
      return conditionsOf(found)[type]?.reason === reason ? found : undefined
    })

  describe('4.6 creating a binding', () => {
    test('4.6 needs the verb bind, and tells not whether there is an export', async () => {
      const cluster = await consumer()
      await grant(admin, cluster, 'user-1', 'cluster-admin')
      const user = admin.as('user-1-token')
      for (const [path, name] of [
        ['root:provider', 'widgets'],
        ['root:provider', 'nothing'],
        ['root:nowhere', 'x'],
      ]) {
        const answer = await user.call('POST', bindings(cluster), { body: apiBinding('b', path!, name!) })
        expect(answer.status).toBe(403)
        expect(messageOf(answer)).toContain(
          `unable to create APIBinding: no permission to bind to export ${path}:${name}`,
        )
      }
      await createRole(admin, provider, 'bind', {
        apiGroups: ['apis.kcp.io'],
        resources: ['apiexports'],
        verbs: ['bind'],
      })
      await grant(admin, provider, 'user-1', 'bind')
      const body = apiBinding('b', 'root:provider', 'widgets')
      expect((await user.call('POST', bindings(cluster), { body })).status).toBe(201)
    })

    test('2.7 the label is there from the start, and nobody changes it', async () => {
      const cluster = await consumer()
      const made = await admin.create(bindings(cluster), apiBinding('labelled', 'root:provider', 'widgets'))
      const label = made.metadata.labels?.['internal.apis.kcp.io/export']
      expect(label).toMatch(/^[0-9a-zA-Z]{30,40}$/)
      const other = await bind(admin, await consumer(), ['root:provider', 'widgets'])
      expect(other.metadata.labels?.['internal.apis.kcp.io/export']).toBe(label)
      const path = `${bindings(cluster)}/labelled`
      await admin.merge(path, { metadata: { labels: { 'internal.apis.kcp.io/export': 'mine' } } })
      expect((await admin.get(path)).metadata.labels?.['internal.apis.kcp.io/export']).toBe(label)
    })

    test('4.6 the reference is immutable', async () => {
      const cluster = await consumer()
      await bind(admin, cluster, ['root:provider', 'widgets'])
      const answer = await admin.merge(`${bindings(cluster)}/widgets`, {
        spec: { reference: { export: { name: 'other' } } },
      })
      expect([answer.status, messageOf(answer)]).toEqual([
        422,
        expect.stringContaining('APIExport reference must not be changed'),
      ])
    })

    test('4.6 users write no status', async () => {
      const cluster = await consumer()
      await bind(admin, cluster, ['root:provider', 'widgets'])
      await grant(admin, cluster, 'user-1', 'cluster-admin')
      const path = `${bindings(cluster)}/widgets`
      const answer = await admin.as('user-1-token').merge(`${path}/status`, { status: { phase: 'Binding' } })
      expect(answer.status).toBe(403)
    })

    test('4.6 an empty path is the own logical cluster; both versions are served', async () => {
      const body = { ...apiBinding('own', undefined, 'widgets'), apiVersion: 'apis.kcp.io/v1alpha1' } as Json
      const claims = [{ resource: 'configmaps', all: true, state: 'Accepted' }]
      body['spec'] = { ...(body['spec'] as Json), permissionClaims: claims }
      await admin.create(`/clusters/${provider}/${OLD_APIS}/apibindings`, body)
      const path = `/clusters/${provider}/${OLD_APIS}/apibindings/own`
      const old = await boundBinding(admin, path)
      expect(old.spec?.['permissionClaims']).toMatchObject(claims)
      const seen = await admin.get(`${bindings(provider)}/own`)
      expect(seen.spec?.['permissionClaims']).toMatchObject([
        { resource: 'configmaps', verbs: ['*'], selector: { matchAll: true }, state: 'Accepted' },
      ])
    })

    test('4.6 columns of kubectl get', async () => {
      const table = await admin.json<{ columnDefinitions: { name: string }[] }>('GET', bindings(provider), {
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      })
      expect(table.columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'APIExport', 'Ready', 'Age'])
    })
  })

  describe('5.4 what becomes of a binding', () => {
    test('5.4 it goes through Binding to Bound, and says what it bound', async () => {
      const cluster = await consumer()
      const watch = await admin.watch(`${bindings(cluster)}?watch=true&fieldSelector=metadata.name%3Dwidgets`)
      const binding = await bind(admin, cluster, ['root:provider', 'widgets'])
      const phases = watch.events.map(({ object }) => object.status?.['phase'])
      watch.close()
      expect([...new Set(phases)].filter((phase) => phase !== undefined)).toEqual(['Binding', 'Bound'])
      const schema = await admin.get(`/clusters/${provider}/${OLD_APIS}/apiresourceschemas/v1.widgets.example.io`)
      const { status } = await admin.get(`/clusters/${provider}/${APIS}/apiexports/widgets`)
      expect(binding.status).toMatchObject({
        apiExportClusterName: provider,
        boundResources: [
          {
            group: 'example.io',
            resource: 'widgets',
            schema: { name: 'v1.widgets.example.io', UID: schema.metadata.uid, identityHash: status?.['identityHash'] },
            storageVersions: ['v1'],
          },
        ],
      })
      for (const type of ['Ready', 'APIExportValid', 'InitialBindingCompleted', 'BindingUpToDate']) {
        expect(conditionsOf(binding)[type]?.status).toBe('True')
      }
      expect(binding.metadata.finalizers).toContain('apis.kcp.io/apibinding-finalizer')
    })

    test('5.4 an export that is not there yet', async () => {
      const cluster = await consumer()
      const path = `${bindings(cluster)}/early`
      await admin.create(bindings(cluster), apiBinding('early', undefined, 'later'))
      const waiting = await condition(path, 'APIExportValid', 'APIExportNotFound')
      expect(waiting.status?.['phase']).toBe('Binding')
      expect(conditionsOf(waiting)['InitialBindingCompleted']).toMatchObject({
        status: 'False',
        reason: 'WaitingForEstablished',
      })
      expect(conditionsOf(waiting)['Ready']?.status).toBe('False')
      await createExport(admin, cluster, 'later')
      await boundBinding(admin, path)
    })

    test('5.4 an export with nothing but claims binds', async () => {
      await createExport(admin, provider, 'claims-only', {
        schema: 'none',
        claims: [{ resource: 'configmaps', verbs: ['get'] }],
      })
      const binding = await bind(admin, await consumer(), ['root:provider', 'claims-only'])
      expect(binding.status).not.toHaveProperty('boundResources')
      expect(binding.status?.['exportPermissionClaims']).toMatchObject([{ resource: 'configmaps', verbs: ['get'] }])
    })

    test('5.4 and 2.8 two bindings cannot have one type', async () => {
      const cluster = await consumer()
      await createExport(admin, provider, 'widgets-again')
      await bind(admin, cluster, ['root:provider', 'widgets'])
      expect(await locks(cluster)).toMatchObject({ 'widgets.example.io': { n: 'widgets' } })
      const path = `${bindings(cluster)}/second`
      await admin.create(bindings(cluster), apiBinding('second', 'root:provider', 'widgets-again'))
      const refused = await condition(path, 'BindingUpToDate', 'NamingConflicts')
      expect(conditionsOf(refused)['BindingUpToDate']?.message).toBe(
        'Unable to bind APIs: naming conflict with APIBinding "widgets" bound to APIExport root:provider:widgets: spec.names.plural=widgets is forbidden',
      )
      expect(conditionsOf(refused)['InitialBindingCompleted']?.reason).toBe('NamingConflicts')
      expect(refused.status?.['phase']).toBe('Binding')
      await admin.json('DELETE', `${bindings(cluster)}/widgets`)
      await boundBinding(admin, path)
      expect(await locks(cluster)).toMatchObject({ 'widgets.example.io': { n: 'second' } })
    })

    test('5.4 and 2.8 a definition keeps a binding from its type', async () => {
      const cluster = await consumer()
      await admin.create(`/clusters/${cluster}/${CRDS}`, definition('example.io', 'widgets', 'Widget'))
      await waitFor(
        'the lock of the definition',
        async () => JSON.stringify((await locks(cluster))['widgets.example.io']) === '{"c":true}',
      )
      await admin.create(bindings(cluster), apiBinding('late', 'root:provider', 'widgets'))
      const refused = await condition(`${bindings(cluster)}/late`, 'BindingUpToDate', 'NamingConflicts')
      expect(conditionsOf(refused)['BindingUpToDate']?.message).toContain(
        'CustomResourceDefinition "widgets.example.io"',
      )
      await admin.json('DELETE', `/clusters/${cluster}/${CRDS}/widgets.example.io`)
      await boundBinding(admin, `${bindings(cluster)}/late`)
    })

    test('5.4 a schema change in the export reaches those that are bound', async () => {
      const cluster = await consumer()
      await createExport(admin, provider, 'moving')
      await bind(admin, cluster, ['root:provider', 'moving'])
      await admin.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('kept'))
      const schema = widgetSchema('v7.widgets.example.io') as { spec: { versions: { schema: Json }[] } }
      const properties = { spec: { type: 'object', properties: { size: { type: 'integer', maximum: 5 } } } }
      schema.spec.versions[0]!.schema = { type: 'object', properties }
      await admin.create(`/clusters/${provider}/${OLD_APIS}/apiresourceschemas`, schema)
      const path = `/clusters/${provider}/${OLD_APIS}/apiexports/moving`
      expect((await admin.merge(path, { spec: { latestResourceSchemas: ['v7.widgets.example.io'] } })).status).toBe(200)
      await waitFor('the binding has the new schema', async () => {
        const { status } = await admin.get(`${bindings(cluster)}/moving`)
        return JSON.stringify(status?.['boundResources']).includes('v7.widgets')
      })
      const wide = await admin.call('POST', `/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, {
        body: widget('wide', { size: 6 }),
      })
      expect(wide.status).toBe(422)
      expect((await admin.get(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}/kept`)).spec).toMatchObject({ size: 1 })
      expect(conditionsOf(await admin.get(`${bindings(cluster)}/moving`))['Ready']?.status).toBe('True')
    })

    test('5.4 without its export a binding stays Bound and its types are served, also after a restart', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'sandbox-bindings-'))
      const serve = (api: Api, cluster: string) => api.get(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}/kept`)
      try {
        const first = await startSandbox({ dir })
        const api = adminOf(first)
        const home = (await createWorkspace(api, 'root', 'provider', { type: 'universal' })).spec.cluster
        const cluster = (await createWorkspace(api, 'root', 'consumer', { type: 'universal' })).spec.cluster
        await createExport(api, home, 'gone')
        await bind(api, cluster, ['root:provider', 'gone'])
        await api.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('kept'))
        await api.json('DELETE', `/clusters/${home}/${APIS}/apiexports/gone`)
        await api.json('DELETE', `/clusters/${home}/${OLD_APIS}/apiresourceschemas/v1.widgets.example.io`)
        const path = `${bindings(cluster)}/gone`
        const invalid = await waitFor('the binding misses its export', async () => {
          const found = await api.get(path)
          return conditionsOf(found)['APIExportValid']?.reason === 'APIExportNotFound' ? found : undefined
        })
        expect([invalid.status?.['phase'], conditionsOf(invalid)['Ready']?.status]).toEqual(['Bound', 'True'])
        expect((await serve(api, cluster)).metadata.name).toBe('kept')
        await first.close()
        const second = await startSandbox({ dir })
        try {
          const again = adminOf(second)
          expect((await serve(again, cluster)).metadata.name).toBe('kept')
          await again.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('new'))
          await again.json('DELETE', path)
          await waitFor('the binding is gone', async () => (await again.call('GET', path)).status === 404)
        } finally {
          await second.close()
        }
      } finally {
        await rm(dir, { recursive: true })
      }
    })
  })

  describe('5.5 definitions and bindings', () => {
    test('5.5 a definition of a bound type is refused', async () => {
      const cluster = await consumer()
      await bind(admin, cluster, ['root:provider', 'widgets'])
      const body = definition('example.io', 'widgets', 'Widget')
      const answer = await admin.call('POST', `/clusters/${cluster}/${CRDS}`, { body })
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toContain('cannot create because resource is bound by APIBinding "widgets"')
    })

    test('5.5 groups of apis.kcp.io are reserved', async () => {
      const body = definition('more.apis.kcp.io', 'things', 'Thing')
      const answer = await admin.call('POST', `/clusters/${await consumer()}/${CRDS}`, { body })
      expect([answer.status, messageOf(answer)]).toEqual([
        403,
        expect.stringContaining('more.apis.kcp.io is a reserved group'),
      ])
    })
  })

  test('1.12 an identity in the URL means the type that is bound with it', async () => {
    const cluster = await consumer()
    const { status } = await admin.get(`/clusters/${provider}/${APIS}/apiexports/widgets`)
    await bind(admin, cluster, ['root:provider', 'widgets'])
    await admin.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('one'))
    const path = `/clusters/${cluster}/${WIDGETS}:${status?.['identityHash']}`
    expect((await admin.items(path)).map(({ metadata }) => metadata.name)).toEqual(['one'])
    expect((await admin.call('GET', `/clusters/${cluster}/${WIDGETS}:${'0'.repeat(64)}`)).status).toBe(404)
  })

  describe('5.6 removing a binding', () => {
    test('5.6 objects go first; meanwhile none can be created', async () => {
      const cluster = await consumer()
      await bind(admin, cluster, ['root:provider', 'widgets'])
      const inside = `/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`
      const held = widget('held') as KubeObject
      held.metadata.finalizers = ['example.io/hold']
      await admin.create(inside, held)
      await admin.create(inside, widget('free'))
      await admin.json('DELETE', `${bindings(cluster)}/widgets`)
      const going = await condition(
        `${bindings(cluster)}/widgets`,
        'BindingResourceDeleteSuccess',
        'SomeFinalizersRemain',
      )
      expect(conditionsOf(going)['BindingResourceDeleteSuccess']?.message).toBe(
        'Some content in the workspace has finalizers remaining: example.io/hold in 1 resource instances',
      )
      expect((await admin.items(inside)).map(({ metadata }) => metadata.name)).toEqual(['held'])
      expect((await admin.call('POST', inside, { body: widget('late') })).status).toBe(403)
      await admin.merge(`${inside}/held`, { metadata: { finalizers: null } })
      await waitFor(
        'the binding is gone',
        async () => (await admin.call('GET', `${bindings(cluster)}/widgets`)).status === 404,
      )
      expect((await admin.call('GET', inside)).status).toBe(404)
      expect(await locks(cluster)).not.toHaveProperty(['widgets.example.io'])
    })

    describe('5.6 a successor, whose export has the same identity and schema', () => {
      const secretRef = { namespace: 'kcp-system', name: 'widgets' }
      const inside = (cluster: string) => `/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`
      const gone = (path: string) =>
        waitFor(`${path} is gone`, async () => (await admin.call('GET', path)).status === 404)

      beforeAll(async () => {
        const heir = await createExport(admin, provider, 'heir', { secretRef })
        const { status } = await admin.get(`/clusters/${provider}/${APIS}/apiexports/widgets`)
        expect(heir.status?.['identityHash']).toBe(status?.['identityHash'])
      })

      test('5.6 takes the objects over', async () => {
        const cluster = await consumer()
        await bind(admin, cluster, ['root:provider', 'widgets'])
        const { metadata } = await admin.create(inside(cluster), widget('kept'))
        await admin.create(bindings(cluster), apiBinding('heir', 'root:provider', 'heir'))
        await condition(`${bindings(cluster)}/heir`, 'BindingUpToDate', 'NamingConflicts')
        await admin.json('DELETE', `${bindings(cluster)}/widgets`)
        await gone(`${bindings(cluster)}/widgets`)
        await boundBinding(admin, `${bindings(cluster)}/heir`)
        expect((await admin.get(`${inside(cluster)}/kept`)).metadata.uid).toBe(metadata.uid)
      })

      test('5.6 with another identity or schema takes nothing over', async () => {
        const cluster = await consumer()
        await createExport(admin, provider, 'stranger')
        await bind(admin, cluster, ['root:provider', 'widgets'])
        await admin.create(inside(cluster), widget('lost'))
        await admin.create(bindings(cluster), apiBinding('stranger', 'root:provider', 'stranger'))
        await admin.json('DELETE', `${bindings(cluster)}/widgets`)
        await boundBinding(admin, `${bindings(cluster)}/stranger`)
        expect(await admin.items(inside(cluster))).toEqual([])
      })

      test('5.6 is waited for where deletionPolicy says so, or until it says so no more', async () => {
        const cluster = await consumer()
        const path = `${bindings(cluster)}/widgets`
        await bind(admin, cluster, ['root:provider', 'widgets'])
        await admin.merge(path, { spec: { deletionPolicy: 'WaitForSuccessor' } })
        const { metadata } = await admin.create(inside(cluster), widget('kept'))
        await admin.json('DELETE', path)
        const waiting = await condition(path, 'BindingResourceDeleteSuccess', 'WaitingForSuccessor')
        expect(conditionsOf(waiting)['BindingResourceDeleteSuccess']?.message).toBe(
          'Per deletionPolicy=WaitForSuccessor, instances are kept until a successor APIBinding adopts them: widgets.example.io has 1 resource instances',
        )
        expect((await admin.get(`${inside(cluster)}/kept`)).metadata.uid).toBe(metadata.uid)
        await admin.create(bindings(cluster), apiBinding('heir', 'root:provider', 'heir'))
        await gone(path)
        await boundBinding(admin, `${bindings(cluster)}/heir`)
        expect((await admin.get(`${inside(cluster)}/kept`)).metadata.uid).toBe(metadata.uid)
        await admin.merge(`${bindings(cluster)}/heir`, { spec: { deletionPolicy: 'WaitForSuccessor' } })
        await admin.json('DELETE', `${bindings(cluster)}/heir`)
        await condition(`${bindings(cluster)}/heir`, 'BindingResourceDeleteSuccess', 'WaitingForSuccessor')
        await admin.merge(`${bindings(cluster)}/heir`, { spec: { deletionPolicy: 'Delete' } })
        await gone(`${bindings(cluster)}/heir`)
      })

      test('5.6 is not waited for in a workspace that is deleted', async () => {
        const { spec, metadata } = await createWorkspace(admin, 'root', 'leaving', { type: 'universal' })
        await bind(admin, spec.cluster, ['root:provider', 'widgets'])
        await admin.merge(`${bindings(spec.cluster)}/widgets`, { spec: { deletionPolicy: 'WaitForSuccessor' } })
        await admin.create(inside(spec.cluster), widget('lost'))
        const workspace = `/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/${metadata.name}`
        await admin.json('DELETE', workspace)
        await gone(workspace)
      })
    })
  })
})
