import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport, OLD_APIS } from './exports-support.ts'
import { type Api, adminOf, createRole, createWorkspace, grant, type Json } from './support.ts'

describe('contract 1.13, the schemas that a consumer has bound', () => {
  let sandbox: Sandbox
  let admin: Api
  let consumer: string
  const schemas = () => `/services/apiresourceschema/${consumer}/clusters/*/${OLD_APIS}/apiresourceschemas`
  const namesOf = async (api: Api) => (await api.items(schemas())).map(({ metadata }) => metadata.name)

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    const provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
    consumer = (await createWorkspace(admin, 'root', 'consumer', { type: 'universal' })).spec.cluster
    await createExport(admin, provider, 'widgets')
    await createExport(admin, provider, 'later', { schema: 'v9.widgets.example.io' })
    await bind(admin, consumer, ['root:provider', 'widgets'])
  })
  afterAll(() => sandbox.close())

  test('1.13 are those of the bound exports, with what they say, and can be read one by one', async () => {
    expect(await namesOf(admin)).toContain('v1.widgets.example.io')
    expect(await namesOf(admin)).not.toContain('v9.widgets.example.io')
    const found = await admin.get(`${schemas()}/v1.widgets.example.io`)
    const original = await admin.get(`/clusters/root:provider/${OLD_APIS}/apiresourceschemas/v1.widgets.example.io`)
    expect(found).toEqual(original)
    expect((await admin.call('GET', `${schemas()}/v9.widgets.example.io`)).status).toBe(404)
  })

  test('1.13 are discovered as read-only, as tables too', async () => {
    const base = `/services/apiresourceschema/${consumer}/clusters/*/${OLD_APIS}`
    const { resources } = await admin.get<{ resources: Json[] }>(base)
    expect(resources.map(({ name, verbs }) => ({ name, verbs }))).toEqual([
      { name: 'apiresourceschemas', verbs: ['get', 'list', 'watch'] },
    ])
    const headers = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
    const table = await admin.json<{ rows: Json[] }>('GET', schemas(), { headers })
    expect(table.rows.length).toBeGreaterThan(0)
  })

  test('1.13 are for those who may read the bindings of the consumer, and only to be read', async () => {
    const user = admin.as('user-1-token')
    expect((await user.call('GET', schemas())).status).toBe(403)
    await grant(admin, consumer, 'user-1', 'system:kcp:workspace:access')
    await createRole(admin, consumer, 'read-bindings', {
      ...{ apiGroups: ['apis.kcp.io'], resources: ['apibindings'], verbs: ['get'] },
    })
    await grant(admin, consumer, 'user-1', 'read-bindings')
    expect(await namesOf(user)).toContain('v1.widgets.example.io')
    for (const api of [user, admin]) {
      expect((await api.call('DELETE', `${schemas()}/v1.widgets.example.io`)).status).toBe(403)
    }
  })

  test('1.13 a watch ends without a word', async () => {
    const answer = await admin.call('GET', `${schemas()}?watch=true`)
    expect([answer.status, answer.text]).toEqual([200, ''])
  })
})
