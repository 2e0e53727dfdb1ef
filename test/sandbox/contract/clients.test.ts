import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  bind,
  type Claim,
  createExport,
  OLD_APIS,
  viewOf,
  WIDGETS,
  WIDGETS_IN_DEFAULT,
  widget,
  widgetSchema,
} from './exports-support.ts'
import { type Api, adminOf, CORE, CRDS, createWorkspace, type Json, type KubeObject, TENANCY } from './support.ts'

type Resources = { resources: { name: string; kind: string }[] }

/** What other clients of kcp do, request by request. */
describe('contract 13 and 14', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
  })
  afterAll(() => sandbox.close())

  test('13.7 initializers find their virtual workspaces in the WorkspaceType', async () => {
    const path = `/clusters/root:provider/${TENANCY}/workspacetypes`
    const spec = { initializer: true }
    await admin.create(path, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'initialized' },
      spec,
    })
    const urls = await waitFor('the URLs are there', async () => {
      const { status } = await admin.get(`${path}/initialized`)
      const found = (status?.['virtualWorkspaces'] ?? []) as { url: string; type: string }[]
      return found.length > 0 ? found : undefined
    })
    const url = urls.find((each) => each.url.includes('/initializingworkspaces/'))?.url ?? ''
    const watch = await admin.watch(
      `${new URL(url).pathname}/clusters/*/${CORE}/logicalclusters?watch=true&timeoutSeconds=1`,
    )
    await watch.ended
    expect(watch.status).toBe(200)
  })

  test('13.8 api-syncagent publishes a type, in v1alpha1, and waits until it is served', async () => {
    const name = 'published'
    await createExport(admin, provider, name, { schema: 'none' })
    const { cluster } = (await createWorkspace(admin, 'root', 'syncs', { type: 'universal' })).spec
    await bind(admin, cluster, ['root:provider', name])
    const home = `/clusters/root:provider`
    const slice = await waitFor('the slice has its endpoint', async () => {
      const found = await admin.get(`${home}/${OLD_APIS}/apiexportendpointslices/${name}`)
      return ((found.status?.['endpoints'] ?? []) as Json[]).length > 0 ? found : undefined
    })
    const self = await admin.get(`${home}/${CORE}/logicalclusters/cluster`)
    expect(self.metadata.annotations).toMatchObject({ 'kcp.io/cluster': provider, 'kcp.io/path': 'root:provider' })
    const watch = await admin.watch(`${home}/${OLD_APIS}/apiexports?watch=true&fieldSelector=metadata.name%3D${name}`)
    const schema = 'v0123abcd.widgets.example.io'
    await admin.create(`${home}/${OLD_APIS}/apiresourceschemas`, widgetSchema(schema))
    const apiExport = await admin.get(`${home}/${OLD_APIS}/apiexports/${name}`)
    const permissionClaims = [{ group: '', resource: 'events', all: true }]
    const spec = { ...apiExport.spec, latestResourceSchemas: [schema], permissionClaims }
    const annotations = { ...apiExport.metadata.annotations, 'syncagent.kcp.io/agent-name': 'test' }
    const body = { ...apiExport, metadata: { ...apiExport.metadata, annotations }, spec }
    await admin.json('PUT', `${home}/${OLD_APIS}/apiexports/${name}`, { body })
    await waitFor('the change is seen', () => watch.events.some(({ type }) => type === 'MODIFIED') || undefined)
    watch.close()
    for (const { url } of (slice.status?.['endpoints'] ?? []) as { url: string }[]) {
      const kinds = await waitFor(`${url} serves it`, async () => {
        const answer = await admin.call('GET', `${new URL(url).pathname}/clusters/%2A/apis/example.io/v1`)
        return answer.status === 200 ? (JSON.parse(answer.text) as Resources).resources : undefined
      })
      expect(kinds.map(({ kind }) => kind)).toContain('Widget')
    }
    await waitFor('the consumer has it', async () => {
      const made = await admin.call('POST', `/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, { body: widget('synced') })
      return made.status === 201 || undefined
    })
    const path = `${viewOf(provider, name, cluster)}/${WIDGETS_IN_DEFAULT}/synced`
    expect((await admin.merge(path, { metadata: { finalizers: ['syncagent.kcp.io/cleanup'] } })).status).toBe(200)
    expect((await admin.merge(`${path}/status`, { status: { phase: 'Synced' } })).status).toBe(200)
    expect((await admin.merge(path, { metadata: { finalizers: null } })).status).toBe(200)
  })

  test('13.9 a workspace without a type takes the default child type of its parent', async () => {
    await createWorkspace(admin, 'root', 'staging', { type: 'organization' })
    const { spec } = await createWorkspace(admin, 'root:staging', 'one')
    expect(spec).toMatchObject({ type: { name: 'universal', path: 'root' } })
    expect(spec.URL.endsWith('/clusters/root:staging:one')).toBe(true)
  })

  test('14.1 and 14.4 a virtual workspace serves what controllers need: documents, metadata, apply, finalizers, status', async () => {
    await createExport(admin, provider, 'for-controllers')
    const { cluster } = (await createWorkspace(admin, 'root', 'controlled', { type: 'universal' })).spec
    await bind(admin, cluster, ['root:provider', 'for-controllers'])
    const view = viewOf(provider, 'for-controllers', cluster)
    const { paths } = await admin.get<{ paths: Record<string, { serverRelativeURL: string }> }>(`${view}/openapi/v3`)
    expect(paths['apis/example.io/v1']?.serverRelativeURL).toContain('openapi/v3/apis/example.io/v1')
    const object = { ...widget('applied'), metadata: { name: 'applied', finalizers: ['example.io/held'] } }
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const path = `${view}/${WIDGETS_IN_DEFAULT}/applied`
    expect((await admin.call('PATCH', `${path}?fieldManager=kro`, { body: object, headers })).status).toBe(201)
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
    const query = 'watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
    const metadata = await admin.call('GET', `${view}/${WIDGETS}?${query}&timeoutSeconds=1`, { headers: { accept } })
    const [first] = metadata.text.split('\n').map((line) => JSON.parse(line || '{}') as { object?: KubeObject })
    expect(first?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'applied' } })
    expect(first?.object?.spec).toBeUndefined()
    expect((await admin.merge(`${path}/status`, { status: { state: 'ACTIVE' } })).status).toBe(200)
  })

  test('14.2 definitions can be claimed and land with the consumer; their objects are not in the virtual workspace', async () => {
    const claim: Claim = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', verbs: ['*'] }
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'graphs.kro.example.io' },
      spec: {
        group: 'kro.example.io',
        scope: 'Namespaced',
        names: { plural: 'graphs', singular: 'graph', kind: 'Graph', listKind: 'GraphList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    }
    await createExport(admin, provider, 'with-definitions', { claims: [claim] })
    const { cluster } = (await createWorkspace(admin, 'root', 'defined', { type: 'universal' })).spec
    await bind(admin, cluster, ['root:provider', 'with-definitions'], [claim])
    const view = viewOf(provider, 'with-definitions', cluster)
    await admin.create(`${view}/${CRDS}`, definition)
    await waitFor('it is established', async () => {
      const { status } = await admin.get(`${view}/${CRDS}/graphs.kro.example.io`)
      return JSON.stringify(status ?? {}).includes('"Established"') || undefined
    })
    await waitFor('the consumer serves it', async () => {
      const { status } = await admin.call('GET', `/clusters/${cluster}/apis/kro.example.io/v1/graphs`)
      return status === 200 || undefined
    })
    expect((await admin.call('GET', `${view}/apis/kro.example.io/v1/graphs`)).status).toBe(404)
    await createExport(admin, provider, 'without-definitions')
    const other = (await createWorkspace(admin, 'root', 'undefined', { type: 'universal' })).spec.cluster
    await bind(admin, other, ['root:provider', 'without-definitions'])
    const refused = viewOf(provider, 'without-definitions', other)
    expect((await admin.call('POST', `${refused}/${CRDS}`, { body: definition })).status).toBe(404)
  })

  test('14.3 nobody writes to all logical clusters at once', async () => {
    await createExport(admin, provider, 'everywhere')
    const path = `${viewOf(provider, 'everywhere', '*')}/${WIDGETS_IN_DEFAULT}`
    expect((await admin.call('POST', path, { body: widget('nowhere') })).status).toBe(405)
    expect((await admin.merge(`${path}/nowhere`, {})).status).toBe(405)
  })
})
