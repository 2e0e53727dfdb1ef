import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  APIS,
  bind,
  createExport,
  OLD_APIS,
  viewOf,
  WIDGETS,
  WIDGETS_IN_DEFAULT,
  widget,
  widgetSchema,
} from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  configMap,
  createRole,
  createWorkspace,
  grant,
  type Json,
  messageOf,
} from './support.ts'

const APPLY = { 'content-type': 'application/apply-patch+yaml' }

type List = { items: { metadata: { name: string; annotations: Record<string, string> } }[] }
type Resources = { resources: { name: string; verbs: string[] }[] }

/** A schema of another type than Widgets. */
function thingSchema(name: string): object {
  const text = JSON.stringify(widgetSchema(name))
  return JSON.parse(text.replaceAll('widget', 'thing').replaceAll('Widget', 'Thing')) as object
}

describe('contract 7, and 1.13 to 1.14', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string
  let one: string
  let two: string
  let unbound: string
  const view = (cluster: string, name = 'widgets') => viewOf(provider, name, cluster)

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    const names = ['provider', 'one', 'two', 'unbound']
    const workspaces = await Promise.all(
      names.map((name) => createWorkspace(admin, 'root', name, { type: 'universal' })),
    )
    ;[provider, one, two, unbound] = workspaces.map(({ spec }) => spec.cluster) as [string, string, string, string]
    await createExport(admin, provider, 'widgets')
    for (const cluster of [one, two]) {
      await bind(admin, cluster, ['root:provider', 'widgets'])
      await admin.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('same'))
    }
    // A user who may do everything at the virtual workspace, and nothing at the consumers.
    await grant(admin, provider, 'user-1', 'system:kcp:workspace:access')
    const rule = { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'], resourceNames: ['widgets'] }
    await createRole(admin, provider, 'content', { ...rule, verbs: ['*'] })
    await grant(admin, provider, 'user-1', 'content')
  })
  afterAll(() => sandbox.close())

  test('1.13 the cluster of the export and of the consumer are names, not paths', async () => {
    const ofPath = await admin.call('GET', `/services/apiexport/root:provider/widgets/clusters/*/${WIDGETS}`)
    expect(ofPath.status).toBe(404)
    const user = admin.as('user-1-token')
    expect((await user.call('GET', `/services/apiexport/root:provider/widgets/clusters/*/${WIDGETS}`)).status).toBe(403)
  })

  test('1.14 a URL without /clusters is not accepted', async () => {
    const user = admin.as('user-1-token')
    expect((await user.call('GET', `/services/apiexport/${provider}/widgets/${WIDGETS}`)).status).toBe(403)
  })

  test('7.1 shows what is exported in all logical clusters, each object with its own', async () => {
    const { items } = await admin.get<List>(`${view('*')}/${WIDGETS}`)
    const clusters = items.map(({ metadata }) => metadata.annotations['kcp.io/cluster'])
    expect(clusters.sort()).toEqual([one, two].sort())
    expect(await admin.items(`${view(one)}/${WIDGETS}`)).toHaveLength(1)
  })

  test('7.1 shows the bindings to the export in both versions, to be read only', async () => {
    for (const version of ['v1alpha1', 'v1alpha2']) {
      const path = `apis/apis.kcp.io/${version}/apibindings`
      const { items } = await admin.get<List>(`${view('*')}/${path}`)
      expect(items.map(({ metadata }) => metadata.name)).toEqual(['widgets', 'widgets'])
      const { resources } = await admin.get<Resources>(`${view('*')}/apis/apis.kcp.io/${version}`)
      expect(resources.find(({ name }) => name === 'apibindings')?.verbs.sort()).toEqual(['get', 'list', 'watch'])
    }
    const deletion = await admin.call('DELETE', `${view(one)}/${APIS}/apibindings/widgets`)
    expect(deletion.status).toBe(405)
  })

  test('7.2 where the export is not bound it is 403, for those with content too', async () => {
    const user = admin.as('user-1-token')
    const answer = await user.call('GET', `${view(unbound)}/${WIDGETS}`)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toMatch(/: access denied$/)
  })

  test('7.2 needs the verb on apiexports/content of the export', async () => {
    const [reader, other] = [admin.as('user-2-token'), admin.as('user-3-token')]
    await grant(admin, provider, 'user-2', 'system:kcp:workspace:access')
    const rule = { apiGroups: ['apis.kcp.io'], resources: ['apiexports/content'], resourceNames: ['widgets'] }
    await createRole(admin, provider, 'read-content', { ...rule, verbs: ['get', 'list', 'watch'] })
    await grant(admin, provider, 'user-2', 'read-content')
    expect((await other.call('GET', `${view('*')}/${WIDGETS}`)).status).toBe(403)
    expect((await other.call('GET', `${view('*')}/apis`)).status).toBe(403)
    expect((await reader.call('GET', `${view('*')}/${WIDGETS}`)).status).toBe(200)
    expect((await reader.call('GET', `${view('*')}/apis`)).status).toBe(200)
    const create = await reader.call('POST', `${view(one)}/${WIDGETS_IN_DEFAULT}`, { body: widget('refused') })
    expect(create.status).toBe(403)
  })

  test('7.3 the RBAC of the consumer does not matter to the provider', async () => {
    const user = admin.as('user-1-token')
    expect((await user.call('GET', `/clusters/${one}/${WIDGETS}`)).status).toBe(403)
    const path = `${view(one)}/${WIDGETS_IN_DEFAULT}`
    expect((await user.call('POST', path, { body: widget('by-provider') })).status).toBe(201)
    const status = { apiVersion: 'example.io/v1', kind: 'Widget', status: { replicas: 3 } }
    expect((await user.merge(`${path}/by-provider/status`, status)).status).toBe(200)
    const seen = await admin.get(`/clusters/${one}/${WIDGETS_IN_DEFAULT}/by-provider`)
    expect(seen.status).toEqual({ replicas: 3 })
    expect((await user.call('DELETE', `${path}/by-provider`)).status).toBe(200)
  })

  test('7.3 the warrant ends at the logical cluster: nothing else of it can be reached', async () => {
    const user = admin.as('user-1-token')
    expect((await user.call('GET', `${view(one)}/api/v1/secrets`)).status).toBe(404)
    expect((await user.call('GET', `/clusters/${provider}/api/v1/secrets`)).status).toBe(403)
  })

  test('7.4 has status, no scale, and takes JSON, merge and apply patches', async () => {
    const path = `${view(two)}/${WIDGETS_IN_DEFAULT}/same`
    expect((await admin.call('GET', `${path}/status`)).status).toBe(200)
    expect((await admin.call('GET', `${path}/scale`)).status).toBe(404)
    expect((await admin.merge(path, { spec: { size: 2 } })).status).toBe(200)
    const json = { body: [{ op: 'replace', path: '/spec/size', value: 3 }] }
    const headers = { 'content-type': 'application/json-patch+json' }
    expect((await admin.call('PATCH', path, { ...json, headers })).status).toBe(200)
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await admin.call('PATCH', path, { body: {}, headers: strategic })).status).toBe(415)
    const applied = { apiVersion: 'example.io/v1', kind: 'Widget', metadata: { name: 'applied' }, spec: { size: 5 } }
    const made = await admin.call('PATCH', `${view(two)}/${WIDGETS_IN_DEFAULT}/applied?fieldManager=test`, {
      ...{ body: applied, headers: APPLY },
    })
    expect(made.status).toBe(201)
    expect((await admin.call('DELETE', `${view(two)}/${WIDGETS_IN_DEFAULT}/applied`)).status).toBe(200)
  })

  test('7.5 over all logical clusters there are list and watch only, and no namespace', async () => {
    const inNamespace = await admin.call('GET', `${view('*')}/${WIDGETS_IN_DEFAULT}`)
    expect(inNamespace.status).toBe(400)
    expect(messageOf(inNamespace)).toContain('cross-cluster LIST and WATCH are required to be cross-namespace')
    expect([400, 405]).toContain((await admin.call('GET', `${view('*')}/${WIDGETS_IN_DEFAULT}/same`)).status)
    const create = await admin.call('POST', `${view('*')}/${WIDGETS_IN_DEFAULT}`, { body: widget('nowhere') })
    expect([400, 405]).toContain(create.status)
  })

  test('7.6 what nobody bound is an empty list and a silent watch', async () => {
    await createExport(admin, provider, 'lonely')
    const { items } = await admin.get<List>(`${view('*', 'lonely')}/${WIDGETS}`)
    expect(items).toEqual([])
    const watch = await admin.watch(`${view('*', 'lonely')}/${WIDGETS}?watch=true&timeoutSeconds=1`)
    await watch.ended
    expect(watch.status).toBe(200)
    expect(watch.events).toEqual([])
  })

  test('7.7 discovery is the same everywhere and not aggregated', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
    const answers = await Promise.all(
      ['*', one].map((cluster) => admin.call('GET', `${view(cluster)}/apis`, { headers: { accept } })),
    )
    expect(answers[0]?.headers['content-type']).toBe('application/json')
    expect(answers[0]?.text).toBe(answers[1]?.text)
    const { groups } = JSON.parse(answers[0]!.text) as { groups: { name: string }[] }
    expect(groups.map(({ name }) => name).sort()).toEqual(['apis.kcp.io', 'example.io'])
    expect(await admin.get(`${view('*')}/api`)).toMatchObject({ versions: ['v1'] })
    expect((await admin.call('GET', `${view('*')}/api/v1`)).status).toBe(404)
    const { resources } = await admin.get<Resources>(`${view('*')}/apis/example.io/v1`)
    expect(resources.map(({ name }) => name)).toEqual(['widgets', 'widgets/status'])
  })

  test('7.8 OpenAPI v3 is there, v2 is not, /version is', async () => {
    const { paths } = await admin.get<{ paths: Json }>(`${view(one)}/openapi/v3`)
    const ofApis = ['apis/apis.kcp.io', 'apis/apis.kcp.io/v1alpha1', 'apis/apis.kcp.io/v1alpha2']
    expect(Object.keys(paths).sort()).toEqual([
      ...['api', 'apis', ...ofApis, 'apis/example.io', 'apis/example.io/v1', 'version'],
    ])
    for (const path of Object.keys(paths))
      expect(await admin.get(`${view(one)}/openapi/v3/${path}`)).toHaveProperty('paths')
    const document = await admin.get<{ components: { schemas: Json } }>(`${view(one)}/openapi/v3/apis/example.io/v1`)
    expect(Object.keys(document.components.schemas).join()).toContain('Widget')
    expect((await admin.call('GET', `${view(one)}/openapi/v2`)).status).toBe(404)
    expect((await admin.call('GET', `${view(one)}/version`)).status).toBe(200)
  })

  test('7.9 an unknown export is 404 for system:masters and 403 for others', async () => {
    expect((await admin.call('GET', `${view('*', 'unknown')}/${WIDGETS}`)).status).toBe(404)
    expect((await admin.as('user-1-token').call('GET', `${view('*', 'unknown')}/${WIDGETS}`)).status).toBe(403)
  })

  test('10.4 and 10.5 one watch over all logical clusters, as metadata too', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
    const metadata = await admin.json<List>('GET', `${view('*')}/${WIDGETS}`, { headers: { accept } })
    expect(metadata.items.map(({ metadata: { annotations } }) => annotations['kcp.io/cluster']).sort()).toEqual(
      [one, two].sort(),
    )
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watch = await admin.watch(`${view('*')}/${WIDGETS}?${query}`)
    await waitFor(
      'the initial events have ended',
      () => watch.events.some(({ type }) => type === 'BOOKMARK') || undefined,
    )
    await admin.create(`/clusters/${one}/${WIDGETS_IN_DEFAULT}`, widget('later'))
    const added = await waitFor('the later one is seen', () =>
      watch.events.find(({ type, object }) => type === 'ADDED' && object.metadata.name === 'later'),
    )
    expect(added.object.metadata.annotations?.['kcp.io/cluster']).toBe(one)
    watch.close()
    await admin.call('DELETE', `/clusters/${one}/${WIDGETS_IN_DEFAULT}/later`)
  })

  test('7.1 types that are not exported or claimed are not there', async () => {
    const create = await admin.call('POST', `${view(one)}/${CONFIG_MAPS}`, {
      body: configMap('not-claimed'),
    })
    expect(create.status).toBe(404)
  })

  test('5.4 a new type in the export is served in its virtual workspace', async () => {
    await createExport(admin, provider, 'growing', { schema: 'none' })
    const before = await admin.call('GET', `${view('*', 'growing')}/${WIDGETS}`)
    expect(before.status).toBe(404)
    const resources = [{ name: 'widgets', group: 'example.io', schema: 'v1.widgets.example.io', storage: { crd: {} } }]
    await admin.merge(`/clusters/${provider}/${APIS}/apiexports/growing`, { spec: { resources } })
    expect((await admin.call('GET', `${view('*', 'growing')}/${WIDGETS}`)).status).toBe(200)
  })

  test('7.1 a type whose schema is gone takes no other with it', async () => {
    const schemas = `/clusters/${provider}/${OLD_APIS}/apiresourceschemas`
    await admin.create(schemas, thingSchema('v1.things.example.io'))
    await createExport(admin, provider, 'half', { schema: 'v2.widgets.example.io' })
    const exported = `/clusters/${provider}/${APIS}/apiexports/half`
    const things = { name: 'things', group: 'example.io', schema: 'v1.things.example.io', storage: { crd: {} } }
    const { resources } = (await admin.get(exported)).spec as { resources: object[] }
    await admin.merge(exported, { spec: { resources: [...resources, things] } })
    expect((await admin.call('GET', `${view('*', 'half')}/apis/example.io/v1/things`)).status).toBe(200)
    await admin.call('DELETE', `${schemas}/v1.things.example.io`)
    expect((await admin.call('GET', `${view('*', 'half')}/apis/example.io/v1/things`)).status).toBe(404)
    expect((await admin.call('GET', `${view('*', 'half')}/${WIDGETS}`)).status).toBe(200)
    const { resources: served } = await admin.get<Resources>(`${view('*', 'half')}/apis/example.io/v1`)
    expect(served.map(({ name }) => name)).toEqual(['widgets', 'widgets/status'])
  })

  test('7.1 a watch ends when the schema of its type changes, or its export goes; others go on', async () => {
    await createExport(admin, provider, 'changing', { schema: 'v3.widgets.example.io' })
    const widgets = await admin.watch(`${view('*', 'changing')}/${WIDGETS}?watch=true`)
    const bindings = await admin.watch(`${view('*', 'changing')}/${APIS}/apibindings?watch=true`)
    const elsewhere = await admin.watch(`${view('*')}/${WIDGETS}?watch=true`)
    const schemas = `/clusters/${provider}/${OLD_APIS}/apiresourceschemas`
    await admin.create(schemas, widgetSchema('v4.widgets.example.io'))
    const exported = `/clusters/${provider}/${APIS}/apiexports/changing`
    await admin.merge(exported, { metadata: { labels: { nothing: 'changes' } } })
    const resources = [{ name: 'widgets', group: 'example.io', schema: 'v4.widgets.example.io', storage: { crd: {} } }]
    await admin.merge(exported, { spec: { resources } })
    await widgets.ended
    const again = await admin.watch(`${view('*', 'changing')}/${WIDGETS}?watch=true`)
    await bind(admin, unbound, ['root:provider', 'changing'])
    await admin.create(`/clusters/${unbound}/${WIDGETS_IN_DEFAULT}`, widget('seen'))
    await waitFor('the new watch has it', async () => again.events.length > 0)
    await waitFor('the watch of bindings went on', async () => bindings.events.length > 0)
    await admin.call('DELETE', exported)
    await Promise.all([again.ended, bindings.ended])
    await admin.create(`/clusters/${one}/${WIDGETS_IN_DEFAULT}`, widget('elsewhere'))
    await waitFor('the other goes on', async () =>
      elsewhere.events.some(({ object }) => object.metadata.name === 'elsewhere'),
    )
    elsewhere.close()
  })
})
