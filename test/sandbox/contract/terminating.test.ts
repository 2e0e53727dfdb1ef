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

describe('contract 8, for terminators', () => {
  let sandbox: Sandbox
  let admin: Api
  /** Logical cluster that the types are in. */
  let types: string
  const view = (type: string, cluster: string) => `/services/terminatingworkspaces/${types}:${type}/clusters/${cluster}`

  /** A workspace of a type in `types`; its logical cluster. */
  async function create(name: string, type: string): Promise<string> {
    return (await ready(admin, await askForWorkspace(admin, name, type))).spec.cluster
  }

  /** The same, whose deletion waits for its terminator. */
  async function createLeaving(name: string, type: string): Promise<string> {
    const cluster = await create(name, type)
    await admin.call('POST', `/clusters/${cluster}/api/v1/namespaces`, { body: { metadata: { name: 'here' } } })
    await admin.json('DELETE', `/clusters/root:consumers/${TENANCY}/workspaces/${name}`)
    await waitFor(`${name} terminates`, async () => {
      const { status } = await admin.get(`/clusters/${cluster}/${LOGICAL_CLUSTER}`)
      return status?.['phase'] === 'Terminating'
    })
    return cluster
  }

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    types = await createStepTypes(admin, { name: 'terminator', verb: 'terminate' })
  })
  afterAll(() => sandbox.close())

  test('8.1 shows the logical clusters that wait, and tells of those that do not any more', async () => {
    const user = admin.as('user-1-token')
    const all = `${view('waiting', '*')}/${CORE}/logicalclusters`
    const alive = await create('alive', 'waiting')
    const cluster = await createLeaving('seen', 'waiting')
    const clusters = (await user.items(all)).map(({ metadata }) => metadata.annotations?.['kcp.io/cluster'])
    expect(clusters).toContain(cluster)
    expect(clusters).not.toContain(alive)
    expect(await admin.items(`${view('other', '*')}/${CORE}/logicalclusters`)).toEqual([])
    const watch = await user.watch(`${all}?watch=true`)
    await finish(user, cluster, 'waiting')
    const gone = await waitFor('its end is told', () => watch.events.find(({ type }) => type === 'DELETED'))
    expect(gone.object.metadata.annotations?.['kcp.io/cluster']).toBe(cluster)
    watch.close()
    await waitFor('the workspace is gone', async () => {
      return (await admin.call('GET', `/clusters/root:consumers/${TENANCY}/workspaces/seen`)).status === 404
    })
  })

  test('8.5 discovery has LogicalClusters alone, in one logical cluster too', async () => {
    const user = admin.as('user-1-token')
    for (const cluster of ['*', await createLeaving('discovered', 'waiting')]) {
      const { groups } = await user.get<{ groups: Json[] }>(`${view('waiting', cluster)}/apis`)
      expect(groups.map(({ name }) => name)).toEqual(['core.kcp.io'])
      const { resources } = await user.get<{ resources: Json[] }>(`${view('waiting', cluster)}/${CORE}`)
      expect(resources.map(({ name }) => name)).toEqual(['logicalclusters', 'logicalclusters/status'])
    }
  })

  test('8.2 drops its own terminator and no other, and the object is gone then', async () => {
    const cluster = await createLeaving('dropping', 'both')
    const path = `${view('both', cluster)}/${LOGICAL_CLUSTER}`
    const user = admin.as('user-1-token')
    expect(terminatorsOf(await user.get(path))).toEqual(expect.arrayContaining([`${types}:both`, `${types}:other`]))
    for (const terminators of [[], [`${types}:both`]]) {
      const answer = await user.merge(`${path}/status`, { status: { terminators } })
      expect([answer.status, messageOf(answer)]).toEqual([
        422,
        expect.stringContaining(`only removing the "${types}:both" terminator is supported`),
      ])
    }
    expect((await user.call('DELETE', path)).status).toBe(405)
    await finish(user, cluster, 'both')
    expect((await user.call('GET', path)).status).toBe(404)
    await finish(admin, cluster, 'other')
  })

  test('8.3 other requests go into the workspace as its creator, as long as it waits', async () => {
    const user = admin.as('user-1-token')
    const alive = await create('still', 'waiting')
    const refused = await user.call('GET', `${view('waiting', alive)}/api/v1/namespaces`)
    expect([refused.status, refused.text]).toEqual([
      403,
      `terminator "${types}:waiting" cannot access this workspace\n`,
    ])
    const inside = `${view('waiting', await createLeaving('proxied', 'waiting'))}/api/v1/namespaces/here/configmaps`
    expect((await user.call('POST', inside, { body: configMap('made') })).status).toBe(201)
    expect((await user.call('DELETE', `${inside}/made`)).status).toBe(200)
  })

  test('8.3 with permissions of the type it may do these and nothing else', async () => {
    const cluster = await createLeaving('limited', 'limited')
    const user = admin.as('user-1-token')
    const inside = `${view('limited', cluster)}/api/v1/namespaces/here/configmaps`
    expect((await user.call('POST', inside, { body: configMap('made') })).status).toBe(201)
    expect((await user.call('GET', `${inside}/made`)).status).toBe(200)
    const answer = await user.call('DELETE', `${inside}/made`)
    expect([answer.status, answer.text]).toEqual([
      403,
      `terminator "${types}:limited" denied by terminatorPermissions: no rule allows delete on core/configmaps (made) in namespace here\n`,
    ])
    await finish(user, cluster, 'limited')
    expect((await user.call('GET', `${inside}/made`)).status).toBe(403)
  })

  test('8.4 needs the verb terminate on the type', async () => {
    for (const [token, type] of [
      ['user-2-token', 'waiting'],
      ['user-1-token', 'other'],
    ] as const) {
      const answer = await admin.as(token).call('GET', `${view(type, '*')}/${CORE}/logicalclusters`)
      expect(answer.status).toBe(403)
    }
  })

  async function finish(api: Api, cluster: string, type: string): Promise<void> {
    const path = `${view(type, cluster)}/${LOGICAL_CLUSTER}`
    const left = terminatorsOf(await api.get(path)).filter((each) => each !== `${types}:${type}`)
    const answer = await api.merge(`${path}/status`, { status: { terminators: left } })
    expect(answer.status, answer.text).toBe(200)
  }
})

function terminatorsOf({ status }: KubeObject): string[] {
  return (status?.['terminators'] ?? []) as string[]
}
