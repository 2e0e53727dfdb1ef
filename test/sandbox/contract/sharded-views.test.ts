import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport, OLD_APIS, SLICES, viewOf, WIDGETS, WIDGETS_IN_DEFAULT, widget } from './exports-support.ts'
import { type Api, adminOf, createWorkspace, grant, shardOf } from './support.ts'

describe('exports, bindings and virtual workspaces over shards', () => {
  let sandbox: Sandbox
  let root: Api
  let away: Api
  let provider: string
  /** On the second shard, of an export on the first one. */
  let consumer: string

  const on = (name: string) => ({ location: { selector: { matchLabels: { name } } } })

  beforeAll(async () => {
    sandbox = await startSandbox({ shards: 2 })
    root = shardOf(sandbox, 0)
    away = shardOf(sandbox, 1)
    const type = 'universal'
    provider = (await createWorkspace(root, 'root', 'provider', { type, spec: on('root') })).spec.cluster
    consumer = (await createWorkspace(root, 'root', 'consumer', { type, spec: on('shard-1') })).spec.cluster
    await createExport(root, provider, 'widgets')
    await bind(away, consumer, ['root:provider', 'widgets'])
    await away.create(`/clusters/${consumer}/${WIDGETS_IN_DEFAULT}`, widget('mine'))
  })
  afterAll(() => sandbox.close())

  const endpoints = async (): Promise<string[]> => {
    const { status } = await root.get(`/clusters/${provider}/${SLICES}/widgets`)
    return ((status?.['endpoints'] ?? []) as { url: string }[]).map(({ url }) => url)
  }

  test('4.7 the slice has an endpoint of the shard that holds a binding, and of no other', async () => {
    const [, second] = sandbox.shards
    const url = `${second?.virtualWorkspaceUrl}/services/apiexport/${provider}/widgets`
    await waitFor('the endpoint is there', async () => (await endpoints()).length > 0 || undefined)
    expect(await endpoints()).toEqual([url])
  })

  test('7.6 the other shard shows nothing of it', async () => {
    expect(await root.items(`${viewOf(provider, 'widgets', '*')}/${WIDGETS}`)).toEqual([])
    const seen = await away.items(`${viewOf(provider, 'widgets', '*')}/${WIDGETS}`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['mine'])
    expect((await root.call('GET', `${viewOf(provider, 'widgets', consumer)}/${WIDGETS}`)).status).toBe(404)
  })

  test('1.13 the front proxy finds the shard of a logical cluster, by its path too', async () => {
    await grant(root, provider, 'user-1', 'cluster-admin')
    const user = adminOf(sandbox).as('user-1-token')
    for (const cluster of [consumer, 'root:consumer']) {
      const seen = await user.items(`${viewOf(provider, 'widgets', cluster)}/${WIDGETS}`)
      expect(seen.map(({ metadata }) => metadata.name)).toEqual(['mine'])
    }
  })

  test('what runs goes on while the shard of the export is away, a restart of the other one included', async () => {
    const [first, second] = sandbox.shards
    await first?.stop()
    const path = `${viewOf(provider, 'widgets', consumer)}/${WIDGETS_IN_DEFAULT}`
    expect((await away.merge(`${path}/mine`, { spec: { size: 7 } })).status).toBe(200)
    await away.create(`/clusters/${consumer}/${WIDGETS_IN_DEFAULT}`, widget('while-away'))
    await second?.stop()
    await second?.start()
    const seen = await away.items(`${viewOf(provider, 'widgets', '*')}/${WIDGETS}`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['mine', 'while-away'])
    await first?.start()
    const schemas = await root.items(`/clusters/${provider}/${OLD_APIS}/apiresourceschemas`)
    expect(schemas).toHaveLength(1)
  })
})
