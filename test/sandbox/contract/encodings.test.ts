import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  CORE,
  configMap,
  createWorkspace,
  type Json,
  KCP_ADMIN,
  TENANCY,
} from './support.ts'

const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' }
/** What client-go sends: ConfigMap `one` with data k=v, and DeleteOptions with Background propagation. */
const CONFIG_MAP = 'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEg8KBQoDb25lEgYKAWsSAXYaACIA'
const DELETE_OPTIONS = 'azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIMIgpCYWNrZ3JvdW5kGgAiAA=='
const PATCHES = {
  'application/json-patch+json': [{ op: 'add', path: '/data', value: { by: 'json' } }],
  'application/merge-patch+json': { data: { by: 'merge' } },
  'application/strategic-merge-patch+json': { data: { by: 'strategic' } },
  'application/apply-patch+yaml': { ...configMap('patched'), data: { applied: 'yes' } },
}

describe('contract 11 and 12', () => {
  let sandbox: Sandbox
  let admin: Api
  const base = '/clusters/root:encoded'
  const configMaps = `${base}/${CONFIG_MAPS}`

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    await createWorkspace(admin, 'root', 'encoded', { type: 'universal' })
  })
  afterAll(() => sandbox.close())

  test('11.1 bodies of built-in kinds may be protobuf, those of deletions too', async () => {
    const created = await admin.call('POST', configMaps, { body: Buffer.from(CONFIG_MAP, 'base64'), headers: PROTOBUF })
    expect(created.status).toBe(201)
    expect(JSON.parse(created.text)).toMatchObject({ metadata: { name: 'one' }, data: { k: 'v' } })
    const body = Buffer.from(DELETE_OPTIONS, 'base64')
    expect((await admin.call('DELETE', `${configMaps}/one`, { body, headers: PROTOBUF })).status).toBe(200)
  })

  test('11.1 who would take protobuf takes JSON', async () => {
    const accept = 'application/vnd.kubernetes.protobuf,application/json'
    const answer = await admin.call('GET', configMaps, { headers: { accept } })
    expect(answer.headers['content-type']).toBe('application/json')
  })

  test('11.2 custom resources are JSON, and nothing else but YAML', async () => {
    const path = `/clusters/root/${TENANCY}/workspaces`
    const body = Buffer.from(CONFIG_MAP, 'base64')
    expect((await admin.call('POST', path, { body, headers: PROTOBUF })).status).toBe(415)
  })

  test.each(Object.entries(PATCHES))('11.2 takes %s', async (type, patch) => {
    const name = `patched-${type.split(/[/-]/)[1]}`
    await admin.create(configMaps, configMap(name))
    const body = Array.isArray(patch) ? patch : { ...patch, ...('metadata' in patch && { metadata: { name } }) }
    const headers = { 'content-type': type }
    const answer = await admin.call('PATCH', `${configMaps}/${name}?fieldManager=test`, { body, headers })
    expect(answer.status, answer.text).toBe(200)
  })

  test('11.2 strategic patches are for built-in kinds only', async () => {
    const path = `/clusters/root:encoded/${CORE}/logicalclusters/cluster`
    const headers = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await admin.call('PATCH', path, { body: {}, headers })).status).toBe(415)
  })

  test('11.3 errors are Status objects', async () => {
    const answer = await admin.call('GET', `${configMaps}/nowhere`)
    expect(JSON.parse(answer.text)).toEqual({
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'NotFound', code: 404 },
      message: 'configmaps "nowhere" not found',
      details: { name: 'nowhere', kind: 'configmaps' },
    })
  })

  test('12.2 the kubeconfig has the contexts and users of kcp', () => {
    type Config = { contexts: { name: string; context: Json }[]; clusters: { name: string; cluster: Json }[] } & Json
    const config = parse(sandbox.kubeconfig()) as Config
    const contexts = Object.fromEntries(config.contexts.map(({ name, context }) => [name, context['user']]))
    expect(config['current-context']).toBe('root')
    expect(contexts).toEqual({
      ...{ root: 'kcp-admin', base: 'kcp-admin', 'system:admin': 'shard-admin', 'shard-base': 'shard-admin' },
    })
    const servers = Object.fromEntries(config.clusters.map(({ name, cluster }) => [name, cluster['server']]))
    expect(servers['root']).toBe(`${sandbox.url}/clusters/root`)
    expect(servers['base']).toBe(sandbox.url)
    expect(servers['shard-base']).toBe(sandbox.shards[0]?.url)
  })

  test('12.5 in a phase in which nobody works a logical cluster is closed', async () => {
    await createWorkspace(admin, 'root', 'closed', { type: 'universal' })
    const path = '/clusters/root:closed/api/v1/namespaces'
    expect((await admin.call('GET', path, { headers: KCP_ADMIN })).status).toBe(200)
    const status = `/clusters/root:closed/${CORE}/logicalclusters/cluster/status`
    expect((await admin.merge(status, { status: { phase: 'Unavailable' } })).status).toBe(200)
    const answer = await admin.call('GET', path, { headers: KCP_ADMIN })
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('access denied')
  })
})
