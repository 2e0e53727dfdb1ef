import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askForWorkspace, createStepTypes } from './steps-support.ts'
import {
  type Api,
  adminOf,
  CORE,
  configMap,
  type Json,
  type KubeObject,
  LOGICAL_CLUSTER,
  messageOf,
  ready,
  TENANCY,
} from './support.ts'

/** Of `/core.kcp.io/v1alpha1/LogicalCluster`: kcp hashes the name of a logical cluster too, which is none here. */
const HASH = 'l84hS/aun10='

describe('contract 8', () => {
  let sandbox: Sandbox
  let admin: Api
  /** Logical cluster that the types are in. */
  let types: string
  const view = (type: string, cluster: string) =>
    `/services/initializingworkspaces/${types}:${type}/clusters/${cluster}`

  /** A workspace of a type in `types` that waits for its initializer. */
  async function createWaiting(name: string, type: string): Promise<string> {
    const path = await askForWorkspace(admin, name, type)
    return waitFor(`${name} waits`, async () => {
      const { spec, status } = await admin.get(path)
      return status?.['phase'] === 'Initializing' ? (spec?.['cluster'] as string) : undefined
    })
  }

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    types = await createStepTypes(admin, { name: 'initializer', verb: 'initialize' })
  })
  afterAll(() => sandbox.close())

  test('8.1 shows the logical clusters that wait, and tells of those that do not any more', async () => {
    const cluster = await createWaiting('seen', 'waiting')
    const user = admin.as('user-1-token')
    const list = await user.items(`${view('waiting', '*')}/${CORE}/logicalclusters`)
    expect(list.map(({ metadata }) => metadata.annotations?.['kcp.io/cluster'])).toContain(cluster)
    expect(await admin.items(`${view('other', '*')}/${CORE}/logicalclusters`)).toEqual([])
    const watch = await user.watch(`${view('waiting', '*')}/${CORE}/logicalclusters?watch=true`)
    await finish(user, cluster, 'waiting')
    const gone = await waitFor('its end is told', () => watch.events.find(({ type }) => type === 'DELETED'))
    expect(gone.object.metadata.annotations?.['kcp.io/cluster']).toBe(cluster)
    watch.close()
    await ready(admin, `/clusters/root:consumers/${TENANCY}/workspaces/seen`)
  })

  test('8.1 and 8.5 discovery is the same for any group', async () => {
    const names = async (group: string) => {
      const path = `${view('waiting', '*')}/apis/${group}/v1alpha1`
      return (await admin.get<{ resources: Json[] }>(path)).resources
    }
    const resources = await names('core.kcp.io')
    const common = { namespaced: false, kind: 'LogicalCluster' }
    expect(resources).toEqual([
      {
        ...{ name: 'logicalclusters', singularName: 'logicalcluster', ...common, categories: ['kcp'] },
        ...{ verbs: ['get', 'list', 'watch'], storageVersionHash: HASH },
      },
      { name: 'logicalclusters/status', singularName: '', ...common, verbs: null },
    ])
    expect((await admin.get<{ groups: Json[] }>(`${view('waiting', '*')}/apis`)).groups).toHaveLength(1)
    expect((await admin.call('GET', `${view('waiting', '*')}/api/v1`)).status).toBe(404)
    expect(await names('whatever')).toEqual(resources)
  })

  test('8.2 drops its own initializer and no other, and the object is gone then', async () => {
    const cluster = await createWaiting('dropping', 'both')
    const path = `${view('both', cluster)}/${LOGICAL_CLUSTER}`
    const user = admin.as('user-1-token')
    expect(initializersOf(await user.get(path))).toEqual(expect.arrayContaining([`${types}:both`, `${types}:other`]))
    const all = await user.merge(`${path}/status`, { status: { initializers: [] } })
    expect([all.status, messageOf(all)]).toEqual([
      422,
      expect.stringMatching(/: status\.initializers: .*: only removing the "[^"]+" initializer is supported$/),
    ])
    await finish(user, cluster, 'both')
    expect((await user.call('GET', path)).status).toBe(404)
    expect((await user.merge(`${path}/status`, { status: { initializers: [] } })).status).toBe(404)
    await finish(admin, cluster, 'other')
    await ready(admin, `/clusters/root:consumers/${TENANCY}/workspaces/dropping`)
  })

  test('8.3 other requests go into the workspace as its creator', async () => {
    const cluster = await createWaiting('proxied', 'waiting')
    const user = admin.as('user-1-token')
    const path = `${view('waiting', cluster)}/api/v1/namespaces`
    expect((await user.call('POST', path, { body: { metadata: { name: 'made' } } })).status).toBe(201)
    await finish(user, cluster, 'waiting')
    const after = await user.call('GET', path)
    expect(after.status).toBe(403)
    expect(after.text).toBe(`initializer "${types}:waiting" cannot access this workspace\n`)
    expect((await admin.get(`/clusters/${cluster}/api/v1/namespaces/made`)).metadata.name).toBe('made')
  })

  test('8.3 with permissions of the type it may do these and nothing else', async () => {
    const cluster = await createWaiting('limited', 'limited')
    const user = admin.as('user-1-token')
    await admin.call('POST', `/clusters/${cluster}/api/v1/namespaces`, { body: { metadata: { name: 'here' } } })
    const inside = `${view('limited', cluster)}/api/v1/namespaces/here`
    expect((await user.call('POST', `${inside}/configmaps`, { body: configMap('made') })).status).toBe(201)
    expect((await user.call('GET', `${inside}/configmaps/made`)).status).toBe(200)
    expect((await user.call('DELETE', `${inside}/configmaps/made`)).status).toBe(403)
    const secrets = await user.call('GET', `${inside}/secrets`)
    expect([secrets.status, secrets.text]).toEqual([
      403,
      `initializer "${types}:limited" denied by initializerPermissions: no rule allows list on core/secrets in namespace here\n`,
    ])
    await finish(user, cluster, 'limited')
    expect((await user.call('GET', `${inside}/configmaps/made`)).status).toBe(403)
  })

  test('8.4 needs the verb initialize on the type', async () => {
    expect((await admin.as('user-2-token').call('GET', `${view('waiting', '*')}/${CORE}/logicalclusters`)).status).toBe(
      403,
    )
    expect((await admin.as('user-1-token').call('GET', `${view('other', '*')}/${CORE}/logicalclusters`)).status).toBe(
      403,
    )
  })

  async function finish(api: Api, cluster: string, type: string): Promise<void> {
    const path = `${view(type, cluster)}/${LOGICAL_CLUSTER}`
    const present = initializersOf(await api.get(path))
    const patch = [
      { op: 'test', path: '/status/initializers', value: present },
      { op: 'replace', path: '/status/initializers', value: present.filter((each) => each !== `${types}:${type}`) },
    ]
    const headers = { 'content-type': 'application/json-patch+json' }
    const answer = await api.call('PATCH', `${path}/status`, { body: patch, headers })
    expect(answer.status, answer.text).toBe(200)
  }
})

function initializersOf({ status }: KubeObject): string[] {
  return (status?.['initializers'] ?? []) as string[]
}
