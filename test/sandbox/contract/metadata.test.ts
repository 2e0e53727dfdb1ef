import { createHash } from 'node:crypto'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  configMap,
  createWorkspace,
  grant,
  KCP_ADMIN,
  type KubeObject,
  messageOf,
  TENANCY,
} from './support.ts'

describe('contract 2', () => {
  let sandbox: Sandbox
  let admin: Api
  let cluster: string

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    cluster = (await createWorkspace(admin, 'root', 'metadata')).spec.cluster
    await grant(admin, cluster, 'user-1', 'cluster-admin')
    await admin.create(`/clusters/${cluster}/${CONFIG_MAPS}`, configMap('plain'))
  })
  afterAll(() => sandbox.close())

  test('2.1 an object carries the name of its logical cluster', async () => {
    const { metadata } = await admin.get(`/clusters/root:metadata/${CONFIG_MAPS}/plain`)
    expect(metadata.annotations).toMatchObject({ 'kcp.io/cluster': cluster })
  })

  test('2.1 so do lists, wildcard lists and PartialObjectMetadata', async () => {
    const clusterOf = ({ metadata }: KubeObject) => metadata.annotations?.['kcp.io/cluster']
    const inCluster = await admin.items(`/clusters/${cluster}/${CONFIG_MAPS}`)
    expect(inCluster.map(clusterOf)).toContain(cluster)
    const everywhere = await admin.items('/clusters/*/api/v1/configmaps')
    expect(everywhere.every((object) => clusterOf(object) !== undefined)).toBe(true)
    const headers = { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' }
    const partial = await admin.json('GET', `/clusters/${cluster}/${CONFIG_MAPS}/plain`, { headers })
    expect(partial.kind).toBe('PartialObjectMetadata')
    expect(clusterOf(partial)).toBe(cluster)
  })

  test('2.1 a client cannot write it', async () => {
    const answer = await admin.merge(`/clusters/${cluster}/${CONFIG_MAPS}/plain`, {
      metadata: { annotations: { 'kcp.io/cluster': 'elsewhere' } },
    })
    expect(JSON.parse(answer.text).metadata.annotations['kcp.io/cluster']).toBe(cluster)
  })

  test('2.2 types, exports and the like carry the path of their workspace', async () => {
    const type = await admin.create(`/clusters/${cluster}/${TENANCY}/workspacetypes`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'own' },
      spec: {},
    })
    expect(type.metadata.annotations).toMatchObject({ 'kcp.io/path': 'root:metadata' })
    const logicalCluster = await admin.get(`/clusters/${cluster}/${CORE}/logicalclusters/cluster`)
    expect(logicalCluster.metadata.annotations).toMatchObject({ 'kcp.io/path': 'root:metadata' })
  })

  test('2.2 a wrong path is overwritten wherever it stands', async () => {
    const object = { ...configMap('with-path'), metadata: { name: 'with-path', annotations: { 'kcp.io/path': 'x' } } }
    const created = await admin.create(`/clusters/${cluster}/${CONFIG_MAPS}`, object)
    expect(created.metadata.annotations).toMatchObject({ 'kcp.io/path': 'root:metadata' })
    const path = `/clusters/${cluster}/${TENANCY}/workspacetypes/own`
    await admin.merge(path, { metadata: { annotations: { 'kcp.io/path': 'y' } } })
    expect((await admin.get(path)).metadata.annotations).toMatchObject({ 'kcp.io/path': 'root:metadata' })
  })

  test.each(['labels', 'annotations'])('2.3 users change no reserved %s', async (field) => {
    const path = `/clusters/${cluster}/${CONFIG_MAPS}/plain`
    const answer = await admin.as('user-1-token').merge(path, { metadata: { [field]: { 'some.kcp.io': 'x' } } })
    expect(answer.status).toBe(403)
    expect(messageOf(answer)).toContain(`modification of reserved ${field.slice(0, -1)}: "some.kcp.io"`)
  })

  test('2.3 system:kcp:admin is no exception, system:masters is', async () => {
    const path = `/clusters/${cluster}/${CONFIG_MAPS}/plain`
    const change = { metadata: { labels: { 'some.kcp.io': 'x' } } }
    expect((await admin.merge(path, change, KCP_ADMIN)).status).toBe(403)
    expect((await admin.merge(path, change)).status).toBe(200)
  })

  test('2.3 a key below a reserved domain is free', async () => {
    const path = `/clusters/${cluster}/${CONFIG_MAPS}/plain`
    const change = { metadata: { annotations: { 'internal.kcp.io/e2e-test': 'x' } } }
    expect((await admin.as('user-1-token').merge(path, change)).status).toBe(200)
  })

  test('2.5 a condition that is False has a severity, one that is True has none', async () => {
    const path = `/clusters/root/${TENANCY}/workspaces`
    const spec = { location: { selector: { matchLabels: { nowhere: 'x' } } } }
    await admin.create(path, {
      ...{ apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'nowhere' }, spec },
    })
    const conditions = await waitFor('the workspace cannot be scheduled', async () => {
      const { status } = await admin.get(`${path}/nowhere`)
      return status?.['conditions'] as { type: string; status: string; severity?: string }[] | undefined
    })
    expect(conditions).toMatchObject([{ type: 'WorkspaceScheduled', status: 'False', severity: 'Error' }])
    const ready = (await admin.get(`${path}/metadata`)).status?.['conditions'] as object[]
    for (const condition of ready) expect(condition).not.toHaveProperty('severity')
  })

  test('2.5 Ready comes first', async () => {
    const conditions = await waitFor('the type has conditions', async () => {
      const type = await admin.get(`/clusters/root/${TENANCY}/workspacetypes/universal`)
      return type.status?.['conditions'] as { type: string }[] | undefined
    })
    expect(conditions.map(({ type }) => type)).toEqual(['Ready', 'VirtualWorkspaceURLsReady'])
  })

  test('2.6 phase and initializers are labels', async () => {
    await admin.create(`/clusters/root/${TENANCY}/workspacetypes`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'labelled' },
      spec: { initializer: true },
    })
    await admin.create(`/clusters/root/${TENANCY}/workspaces`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'waiting' },
      spec: { type: { name: 'labelled', path: 'root' } },
    })
    const hash = createHash('sha224').update('root:labelled').digest('hex')
    const prefix = 'initializer.internal.kcp.io/'
    const key = prefix + hash.slice(0, 63 - prefix.length)
    const labels = await waitFor('the label', async () => {
      const workspace = await admin.get(`/clusters/root/${TENANCY}/workspaces/waiting`)
      const inside = workspace.spec?.['cluster']
      if (workspace.metadata.labels?.['tenancy.kcp.io/phase'] !== 'Initializing') return undefined
      const { metadata } = await admin.get(`/clusters/${inside}/${CORE}/logicalclusters/cluster`)
      return metadata.labels?.[key] === undefined ? undefined : metadata.labels
    })
    expect(labels).toEqual({ 'tenancy.kcp.io/phase': 'Initializing', [key]: hash })
  })
})
