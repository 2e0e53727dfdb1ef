import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boundBinding, type Claim, createExport } from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  configMap,
  createWorkspace,
  type Json,
  KCP_ADMIN,
  type KubeObject,
  messageOf,
} from './support.ts'

const CLAIMS: Claim[] = [
  { resource: 'configmaps', verbs: ['get', 'list', 'watch'] },
  { resource: 'secrets', verbs: ['*'] },
]

type Version = { groupVersion: string; version: string }
type Group = { name: string; versions: Version[]; preferredVersion: Version }

/** The raw requests of `kubectl kcp bind apiexport` and `kubectl kcp claims` (contract 13.4 and 13.5), as kcp-admin. */
describe('contract 13', () => {
  let sandbox: Sandbox
  let admin: Api
  let counter = 0
  const call = (method: string, path: string, body?: unknown) => admin.call(method, path, { headers: KCP_ADMIN, body })
  const get = async <T>(path: string) => JSON.parse((await call('GET', path)).text) as T

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    const provider = await createWorkspace(admin, 'root', 'provider', { type: 'universal' })
    await createExport(admin, provider.spec.cluster, 'widgets', { claims: CLAIMS })
  })
  afterAll(() => sandbox.close())

  /** A consumer's workspace, and the group version of apis.kcp.io that its discovery prefers. */
  async function consumer() {
    const path = `/clusters/root:consumer-${++counter}`
    await createWorkspace(admin, 'root', `consumer-${counter}`, { type: 'universal' })
    const { groups } = await get<{ groups: Group[] }>(`${path}/apis`)
    const group = groups.find(({ name }) => name === 'apis.kcp.io')
    return { path, group, bindings: `${path}/apis/${group?.preferredVersion.groupVersion}/apibindings` }
  }

  function binding(apiVersion: string, permissionClaims: Json[]): object {
    const reference = { export: { path: 'root:provider', name: 'widgets' } }
    return { apiVersion, kind: 'APIBinding', metadata: { name: 'widgets' }, spec: { reference, permissionClaims } }
  }

  test('13.4 discovery has both versions of apis.kcp.io, and each of them bindings', async () => {
    const { path, group } = await consumer()
    expect(group?.versions.map(({ version }) => version).toSorted()).toEqual(['v1alpha1', 'v1alpha2'])
    expect(group?.versions).toContainEqual(group?.preferredVersion)
    for (const { groupVersion } of group?.versions ?? []) {
      const { resources } = await get<{ resources: { name: string }[] }>(`${path}/apis/${groupVersion}`)
      expect(resources.map(({ name }) => name)).toContain('apibindings')
    }
  })

  test('13.4 the export is read in v1alpha1, and each of its claims accepted', async () => {
    const { bindings, group } = await consumer()
    const read = await get<KubeObject>('/clusters/root:provider/apis/apis.kcp.io/v1alpha1/apiexports/widgets')
    const claims = read.spec?.['permissionClaims'] as Json[]
    expect(claims).toMatchObject([{ resource: 'configmaps' }, { resource: 'secrets' }])
    const accepted = claims.map(({ group = '', resource }) => ({
      ...{ group, resource, verbs: ['*'], state: 'Accepted', selector: { matchAll: true } },
    }))
    const body = binding(group?.preferredVersion.groupVersion ?? '', accepted)
    expect((await call('POST', bindings, body)).status).toBe(201)
    const bound = await boundBinding(admin, `${bindings}/widgets`)
    expect(bound.status?.['appliedPermissionClaims']).toHaveLength(2)
    const again = await call('POST', bindings, body)
    expect(again.status).toBe(409)
    expect(messageOf(again)).toBe('apibindings.apis.kcp.io "widgets" already exists')
  })

  test('13.4 a binding without claims is Bound and serves the exported type', async () => {
    const { path, bindings, group } = await consumer()
    const body = binding(group?.preferredVersion.groupVersion ?? '', [])
    expect((await call('POST', bindings, body)).status).toBe(201)
    await boundBinding(admin, `${bindings}/widgets`)
    expect(await get(`${path}/apis/example.io/v1/widgets`)).toMatchObject({ kind: 'WidgetList', items: [] })
  })

  test('13.4 an export that is not there leaves the binding unbound, with the reason', async () => {
    const { bindings, group } = await consumer()
    const body = binding(group?.preferredVersion.groupVersion ?? '', []) as { spec: { reference: Json } }
    body.spec.reference = { export: { path: 'root:provider', name: 'nothing' } }
    const refused = await call('POST', bindings, body)
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain('no permission to bind to export root:provider:nothing')
  })

  test('13.5 claims get lists the bindings, and claims accept and reject update them', async () => {
    const { path, bindings, group } = await consumer()
    const claim = { group: '', resource: 'configmaps', verbs: ['get', 'list', 'watch'], selector: { matchAll: true } }
    const body = binding(group?.preferredVersion.groupVersion ?? '', [{ ...claim, state: 'Rejected' }])
    expect((await call('POST', bindings, body)).status).toBe(201)
    await boundBinding(admin, `${bindings}/widgets`)
    const listed = await get<{ items: KubeObject[] }>(bindings)
    const names = listed.items.map(({ metadata }) => metadata.name)
    expect(names).toContain('widgets')
    expect(listed.items[names.indexOf('widgets')]?.status?.['exportPermissionClaims']).toMatchObject(CLAIMS)

    const decide = async (state: string) => {
      const found = await get<KubeObject>(`${bindings}/widgets`)
      found.spec = { ...found.spec, permissionClaims: [{ ...claim, state }] }
      expect((await call('PUT', `${bindings}/widgets`, found)).status).toBe(200)
      const { status } = await boundBinding(admin, `${bindings}/widgets`)
      expect((await get<KubeObject>(`${bindings}/widgets`)).spec?.['permissionClaims']).toMatchObject([{ state }])
      return status
    }
    await decide('Accepted')
    const made = await admin.create(`${path}/${CONFIG_MAPS}`, configMap('claimed'))
    expect(Object.keys(made.metadata.labels ?? {})).toEqual([
      expect.stringMatching(/^claimed\.internal\.apis\.kcp\.io\//),
    ])
    await decide('Rejected')
    const other = await admin.create(`${path}/${CONFIG_MAPS}`, configMap('unclaimed'))
    expect(other.metadata.labels).toBeUndefined()
  })
})
