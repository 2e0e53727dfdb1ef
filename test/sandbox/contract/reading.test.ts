import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport, viewOf, WIDGETS, WIDGETS_IN_DEFAULT, widget } from './exports-support.ts'
import { type Api, adminOf, CONFIG_MAPS, configMap, createWorkspace, type KubeObject } from './support.ts'

const STREAMING = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'

type Page = { items: KubeObject[]; metadata: { continue?: string; resourceVersion: string } }

describe('contract 10', () => {
  let dir: string
  let sandbox: Sandbox
  let admin: Api
  const base = '/clusters/root:read'

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sandbox-reading-'))
    sandbox = await startSandbox({ dir })
    admin = adminOf(sandbox)
    await createWorkspace(admin, 'root', 'read', { type: 'universal' })
    for (const name of ['a', 'b']) await admin.create(`${base}/${CONFIG_MAPS}`, configMap(name))
  })
  afterAll(async () => {
    await sandbox.close()
    await rm(dir, { recursive: true, force: true })
  })

  test('10.1 a streaming list ends with a bookmark that says so', async () => {
    const watch = await admin.watch(`${base}/${CONFIG_MAPS}?watch=true&timeoutSeconds=1&${STREAMING}`)
    await watch.ended
    const types = watch.events.map(({ type }) => type)
    expect(types).toEqual([...types.slice(0, -1).map(() => 'ADDED'), 'BOOKMARK'])
    expect(watch.events.map(({ object }) => object.metadata.name)).toEqual(expect.arrayContaining(['a', 'b']))
    expect(watch.events.at(-1)?.object.metadata.annotations).toMatchObject({ 'k8s.io/initial-events-end': 'true' })
  })

  test('10.1 a server that is asked for it wrongly says 422', async () => {
    const answer = await admin.call('GET', `${base}/${CONFIG_MAPS}?watch=true&sendInitialEvents=true`)
    expect(answer.status).toBe(422)
  })

  test('10.2 bookmarks have kind, apiVersion and resourceVersion, and a watch ends in time', async () => {
    const began = performance.now()
    const watch = await admin.watch(
      `${base}/${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=1&${STREAMING}`,
    )
    await watch.ended
    expect(performance.now() - began).toBeGreaterThan(900)
    const bookmark = watch.events.find(({ type }) => type === 'BOOKMARK')
    expect(bookmark?.object).toMatchObject({
      ...{ kind: 'ConfigMap', apiVersion: 'v1' },
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
    })
  })

  test('10.2 a resourceVersion that is not known any more is 410', async () => {
    await sandbox.shards[0]?.stop()
    await sandbox.shards[0]?.start()
    const watch = await admin.watch(`${base}/${CONFIG_MAPS}?watch=true&resourceVersion=1&timeoutSeconds=5`)
    await watch.ended
    // At the start, or as the first event.
    const [first] = watch.events as unknown as { object?: { code?: number } }[]
    expect([watch.status, first?.object?.code]).toContain(410)
  })

  test('10.3 a list at version 0 has what was written just now, and is counted', async () => {
    await admin.create(`${base}/${CONFIG_MAPS}`, configMap('just-now'))
    const names = (await admin.items(`${base}/${CONFIG_MAPS}?resourceVersion=0`)).map(({ metadata }) => metadata.name)
    expect(names).toContain('just-now')
    const metrics = await admin.call('GET', '/metrics')
    expect(metrics.text).toMatch(/apiserver_cache_list_total\{[^}]*resource="configmaps"[^}]*\} [1-9]/)
  })

  test('10.7 lists over all logical clusters come in pages too', async () => {
    const provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
    await createExport(admin, provider, 'widgets')
    for (const name of ['one', 'two', 'three']) {
      const { cluster } = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec
      await bind(admin, cluster, ['root:provider', 'widgets'])
      const path = `/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`
      for (const each of ['x', 'y']) await admin.create(path, widget(each))
    }
    const seen: string[] = []
    const path = `${viewOf(provider, 'widgets', '*')}/${WIDGETS}`
    let next = ''
    do {
      const page: Page = await admin.get<Page>(`${path}?limit=4&continue=${encodeURIComponent(next)}`)
      seen.push(...page.items.map(({ metadata }) => `${metadata.annotations?.['kcp.io/cluster']}/${metadata.name}`))
      next = page.metadata.continue ?? ''
    } while (next !== '')
    expect(new Set(seen).size).toBe(6)
    expect(seen).toHaveLength(6)
  })

  test('10.6 watches are cut when their logical cluster goes', async () => {
    await createWorkspace(admin, 'root', 'ending', { type: 'universal' })
    const watch = await admin.watch(`/clusters/root:ending/${CONFIG_MAPS}?watch=true`)
    await admin.call('DELETE', '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/ending')
    await waitFor('the workspace is gone', async () => {
      const { status } = await admin.call('GET', '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces/ending')
      return status === 404 || undefined
    })
    await watch.ended
    expect(watch.status).toBe(200)
  })
})
