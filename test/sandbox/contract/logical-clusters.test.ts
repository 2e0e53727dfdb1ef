import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport, viewOf } from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  configMap,
  createWorkspace,
  grant,
  messageOf,
  TENANCY,
} from './support.ts'

const LOGICAL_CLUSTERS = `${CORE}/logicalclusters`
const CLAIM = { resource: 'configmaps', verbs: ['*'] }

describe('contract 4.3 and 10.6', () => {
  let sandbox: Sandbox
  let admin: Api
  let cluster: string

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    cluster = (await createWorkspace(admin, 'root', 'main', { type: 'universal' })).spec.cluster
    await grant(admin, cluster, 'user-1', 'cluster-admin')
  })
  afterAll(() => sandbox.close())

  test('4.3 every workspace has one, named cluster, that says what it is', async () => {
    const path = `/clusters/${cluster}/${LOGICAL_CLUSTERS}`
    const objects = await admin.items(path)
    expect(objects).toHaveLength(1)
    const workspace = await admin.get(`/clusters/root/${TENANCY}/workspaces/main`)
    expect(objects[0]).toMatchObject({
      metadata: {
        name: 'cluster',
        annotations: {
          'kcp.io/path': 'root:main',
          'kcp.io/cluster': cluster,
          'core.kcp.io/shard': 'root',
          'internal.tenancy.kcp.io/type': 'root:universal',
        },
      },
      spec: {
        owner: {
          apiVersion: 'tenancy.kcp.io/v1alpha1',
          resource: 'workspaces',
          name: 'main',
          cluster: 'root',
          uid: workspace.metadata.uid,
        },
        initializers: ['root:universal', 'system:apibindings'],
      },
      status: { phase: 'Ready', URL: `${sandbox.url}/clusters/${cluster}` },
    })
    expect(objects[0]?.status?.['initializers'] ?? []).toEqual([])
  })

  test('4.3 users cannot create a LogicalCluster: 403', async () => {
    const body = { apiVersion: 'core.kcp.io/v1alpha1', kind: 'LogicalCluster', metadata: { name: 'cluster' }, spec: {} }
    const answer = await admin.as('user-1-token').call('POST', `/clusters/${cluster}/${LOGICAL_CLUSTERS}`, { body })
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('LogicalCluster cannot be created')
  })

  test('4.3 users cannot delete one that is not directly deletable: 403', async () => {
    const answer = await admin.as('user-1-token').call('DELETE', `/clusters/${cluster}/${LOGICAL_CLUSTERS}/cluster`)
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('LogicalCluster cannot be deleted')
  })

  test('4.3 users cannot change what has to be initialized: 403', async () => {
    const path = `/clusters/${cluster}/${LOGICAL_CLUSTERS}/cluster`
    const answer = await admin.as('user-1-token').merge(path, { spec: { initializers: ['root:x1'] } })
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain('spec.initializers is immutable')
    const added = await admin.as('user-1-token').merge(`${path}/status`, { status: { initializers: ['root:x1'] } })
    expect(added.status).toBe(403)
  })

  test('4.3 one that is directly deletable goes', async () => {
    const own = await createWorkspace(admin, 'root', 'deletable', { type: 'universal' })
    const path = `/clusters/${own.spec.cluster}/${LOGICAL_CLUSTERS}/cluster`
    await grant(admin, own.spec.cluster, 'user-1', 'cluster-admin')
    await admin.merge(path, { spec: { directlyDeletable: true } })
    expect((await admin.as('user-1-token').call('DELETE', path)).status).toBe(200)
    await waitFor('it is gone', async () => (await admin.call('GET', path)).status === 404)
  })

  test('4.3 what is marked inactive answers 403, but for /openapi and logicalclusters', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'sleeping', { type: 'universal' })
    const path = `/clusters/${spec.cluster}/${LOGICAL_CLUSTERS}/cluster`
    await admin.merge(path, { metadata: { annotations: { 'core.kcp.io/inactive': 'true' } } })
    const refused = await admin.call('GET', `/clusters/${spec.cluster}/api/v1/namespaces`)
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain('logical cluster is marked inactive')
    expect((await admin.call('GET', `/clusters/${spec.cluster}/openapi/v3`)).status).toBe(200)
    await waitFor('it is Inactive', async () => (await admin.get(path)).status?.['phase'] === 'Inactive')
    await admin.merge(path, { metadata: { annotations: { 'core.kcp.io/inactive': null } } })
    expect((await admin.call('GET', `/clusters/${spec.cluster}/api/v1/namespaces`)).status).toBe(200)
    await waitFor('it is Ready again', async () => (await admin.get(path)).status?.['phase'] === 'Ready')
  })

  test('10.6 open watches are cut when a logical cluster becomes inactive', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'cut', { type: 'universal' })
    const own = await admin.watch(`/clusters/${spec.cluster}/${CONFIG_MAPS}?watch=true`)
    const wildcard = await admin.watch('/clusters/*/api/v1/configmaps?watch=true')
    const other = await admin.watch(`/clusters/${cluster}/${CONFIG_MAPS}?watch=true`)
    const annotations = { 'core.kcp.io/inactive': 'true' }
    await admin.merge(`/clusters/${spec.cluster}/${LOGICAL_CLUSTERS}/cluster`, { metadata: { annotations } })
    await Promise.all([own.ended, wildcard.ended])
    await admin.create(`/clusters/${cluster}/${CONFIG_MAPS}`, configMap('still-watched'))
    await waitFor('others go on', async () =>
      other.events.some(({ object }) => object.metadata.name === 'still-watched'),
    )
    other.close()
  })

  test('10.6 open watches of a logical cluster are cut when it is deleted; those over all of them go on', async () => {
    const { spec } = await createWorkspace(admin, 'root', 'going', { type: 'universal' })
    const { name } = (await createExport(admin, cluster, 'watched', { schema: 'none', claims: [CLAIM] })).metadata
    for (const each of [cluster, spec.cluster]) await bind(admin, each, [cluster, name], [CLAIM])
    const own = await admin.watch(`/clusters/${spec.cluster}/${CONFIG_MAPS}?watch=true`)
    const ownView = await admin.watch(`${viewOf(cluster, name, spec.cluster)}/api/v1/configmaps?watch=true`)
    const others = await Promise.all(
      [`/clusters/${cluster}`, '/clusters/*', viewOf(cluster, name, '*'), viewOf(cluster, name, cluster)].map((base) =>
        admin.watch(`${base}/api/v1/configmaps?watch=true`),
      ),
    )
    await admin.call('DELETE', `/clusters/root/${TENANCY}/workspaces/going`)
    await Promise.all([own.ended, ownView.ended])
    await admin.create(`/clusters/${cluster}/${CONFIG_MAPS}`, configMap('after-the-end'))
    for (const watch of others) {
      await waitFor('it goes on', async () =>
        watch.events.some(({ object }) => object.metadata.name === 'after-the-end'),
      )
      watch.close()
    }
  })
})
