import { createHash } from 'node:crypto'
import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { APIS, createExport, OLD_APIS, widgetSchema } from './exports-support.ts'
import { type Api, adminOf, conditionsOf, createRole, createWorkspace, grant, type Json, messageOf } from './support.ts'

describe('contract 4.4, 4.5, 4.8 and 5.3', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
  })
  afterAll(() => sandbox.close())

  const at = (path: string) => `/clusters/${provider}/${path}`
  const createSchema = (name: string, change: (spec: Json) => Json = (spec) => spec) => {
    const schema = widgetSchema(name) as { spec: Json }
    return admin.call('POST', at(`${OLD_APIS}/apiresourceschemas`), { body: { ...schema, spec: change(schema.spec) } })
  }
  const schemaWith = (name: string, spec: Json) => createSchema(name, (present) => ({ ...present, ...spec }))

  describe('4.4 APIResourceSchemas', () => {
    test('4.4 the name ends in plural and group, core for the core group', async () => {
      const wrong = await createSchema('v1.gadgets.example.io')
      expect(wrong.status).toBe(403)
      expect(messageOf(wrong)).toContain('must end in .widgets.example.io')
      const prefix = await createSchema('1.widgets.example.io')
      expect(messageOf(prefix)).toContain('in front of .widgets.example.io')
      expect((await schemaWith('v1.widgets.core', { group: '' })).status).toBe(201)
    })

    test('4.4 the spec is immutable, labels and annotations are not', async () => {
      await createSchema('v2.widgets.example.io')
      const path = at(`${OLD_APIS}/apiresourceschemas/v2.widgets.example.io`)
      const changed = await admin.merge(path, { spec: { scope: 'Cluster' } })
      expect(changed.status).toBe(403)
      expect(messageOf(changed)).toMatch(/spec: Invalid value: .*: is immutable$/)
      const labelled = await admin.merge(path, { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } })
      expect(labelled.status).toBe(200)
    })

    test('4.4 more than one version requires a conversion', async () => {
      const version = { served: true, storage: false, schema: { type: 'object' } }
      const versions = [
        { ...version, name: 'v1', storage: true },
        { ...version, name: 'v2' },
      ]
      const without = await schemaWith('v3.widgets.example.io', { versions })
      expect([without.status, messageOf(without)]).toEqual([403, expect.stringContaining('spec.conversion')])
      const given = await schemaWith('v3.widgets.example.io', { versions, conversion: { strategy: 'None' } })
      expect(given.status).toBe(201)
    })

    test('4.4 the schemas are structural, and one version is stored', async () => {
      const version = { name: 'v1', served: true, storage: true, schema: { type: 'object' } }
      const loose = { ...version, schema: { type: 'object', properties: { spec: { properties: {} } } } }
      const answer = await schemaWith('v4.widgets.example.io', { versions: [loose] })
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toContain('spec.versions[0].schema.properties[spec].type: Required value')
      const nowhere = await schemaWith('v4.widgets.example.io', { versions: [{ ...version, storage: false }] })
      expect(messageOf(nowhere)).toContain('must have exactly one version marked as storage version')
    })
  })

  describe('4.5 APIExports in two versions', () => {
    test('4.5 v1alpha2 is preferred', async () => {
      const group = await admin.get<{ preferredVersion: Json; versions: Json[] }>(at('apis/apis.kcp.io'))
      expect(group.preferredVersion['version']).toBe('v1alpha2')
      expect(group.versions.map(({ version }) => version)).toEqual(['v1alpha2', 'v1alpha1'])
    })

    test('4.5 names of schemas are resources, and claims without verbs have all of them', async () => {
      await createSchema('v5.widgets.example.io')
      const permissionClaims = [{ resource: 'configmaps', all: true }]
      await admin.create(at(`${OLD_APIS}/apiexports`), {
        apiVersion: 'apis.kcp.io/v1alpha1',
        kind: 'APIExport',
        metadata: { name: 'old' },
        spec: { latestResourceSchemas: ['v5.widgets.example.io'], permissionClaims },
      })
      const seen = await admin.get(at(`${APIS}/apiexports/old`))
      expect(seen.spec).toMatchObject({
        resources: [{ name: 'widgets', group: 'example.io', schema: 'v5.widgets.example.io', storage: { crd: {} } }],
        permissionClaims: [{ group: '', resource: 'configmaps', verbs: ['*'] }],
      })
      expect(JSON.parse(seen.metadata.annotations!['apis.v1alpha2.kcp.io/v1alpha1-permission-claims']!)).toEqual([
        { group: '', resource: 'configmaps', all: true },
      ])
      const back = await admin.get(at(`${OLD_APIS}/apiexports/old`))
      expect(back.spec).toMatchObject({ latestResourceSchemas: ['v5.widgets.example.io'], permissionClaims })
    })

    test('4.5 what v1alpha1 cannot say survives a change in v1alpha1', async () => {
      const claims = [{ resource: 'secrets', verbs: ['get', 'list'], defaultSelector: { matchAll: true } }]
      const reference = { apiGroup: 'cache.kcp.io', kind: 'CachedResourceEndpointSlice', name: 'x' }
      await admin.create(at(`${APIS}/apiexports`), {
        apiVersion: 'apis.kcp.io/v1alpha2',
        kind: 'APIExport',
        metadata: { name: 'new' },
        spec: {
          resources: [
            { name: 'lamps', group: 'example.io', schema: 'v1.lamps.example.io', storage: { virtual: { reference } } },
          ],
          permissionClaims: claims,
        },
      })
      const old = await admin.get(at(`${OLD_APIS}/apiexports/new`))
      expect(old.spec).toMatchObject({ permissionClaims: [{ resource: 'secrets', all: true }] })
      expect(old.spec).not.toHaveProperty('latestResourceSchemas')
      expect(Object.keys(old.metadata.annotations ?? {})).toEqual(
        expect.arrayContaining(['apis.v1alpha2.kcp.io/resource-schemas', 'apis.v1alpha2.kcp.io/permission-claims']),
      )
      const changed = { ...old, spec: { ...old.spec, latestResourceSchemas: ['v5.widgets.example.io'] } }
      await admin.json('PUT', at(`${OLD_APIS}/apiexports/new`), { body: changed })
      const seen = await admin.get(at(`${APIS}/apiexports/new`))
      expect(seen.spec).toMatchObject({ permissionClaims: claims })
      const names = (seen.spec!['resources'] as { name: string }[]).map(({ name }) => name)
      expect(names).toEqual(['widgets', 'lamps'])
    })

    test('4.5 claims on types that are not built in need an identity', async () => {
      const answer = await admin.call('POST', at(`${APIS}/apiexports`), {
        body: {
          apiVersion: 'apis.kcp.io/v1alpha2',
          kind: 'APIExport',
          metadata: { name: 'claims' },
          spec: { permissionClaims: [{ group: 'example.io', resource: 'widgets', verbs: ['*'] }] },
        },
      })
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toContain(
        'spec.permissionClaims[0].identityHash: Invalid value: "": identityHash is required for API types that are not built-in',
      )
    })

    test('4.5 the schema of a resource ends in its name and group', async () => {
      const resources = [{ name: 'widgets', group: 'example.io', schema: 'v1.gadgets.example.io' }]
      const answer = await admin.call('POST', at(`${APIS}/apiexports`), {
        body: { apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIExport', metadata: { name: 'x' }, spec: { resources } },
      })
      expect(answer.status).toBe(403)
      expect(messageOf(answer)).toContain(
        'spec.resources[0].schema: Invalid value: "v1.gadgets.example.io": must end in .widgets.example.io',
      )
    })

    test('4.6 users write no status of exports', async () => {
      await createExport(admin, provider, 'status')
      await createRole(admin, provider, 'everything', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] })
      await createRole(admin, provider, 'access', { nonResourceURLs: ['/'], verbs: ['access'] })
      await grant(admin, provider, 'user-1', 'everything')
      await grant(admin, provider, 'user-1', 'access')
      const path = at(`${APIS}/apiexports/status`)
      expect((await admin.as('user-1-token').call('GET', path)).status).toBe(200)
      const answer = await admin.as('user-1-token').merge(`${path}/status`, { status: { identityHash: 'x' } })
      expect(answer.status).toBe(403)
    })
  })

  describe('5.3 identities', () => {
    const secret = (name: string) => at(`api/v1/namespaces/kcp-system/secrets/${name}`)

    test('5.3 a secret is made, and its hash is the identity', async () => {
      const { status, spec } = await createExport(admin, provider, 'identity')
      expect(spec).toMatchObject({ identity: { secretRef: { namespace: 'kcp-system', name: 'identity' } } })
      const made = (await admin.get(secret('identity'))) as unknown as { data: { key: string } }
      const hash = createHash('sha256').update(Buffer.from(made.data.key, 'base64')).digest('hex')
      expect(status.identityHash).toBe(hash)
    })

    test('5.3 a shared secret is a shared identity', async () => {
      const first = await createExport(admin, provider, 'first')
      await admin.create(at(`${APIS}/apiexports`), {
        apiVersion: 'apis.kcp.io/v1alpha2',
        kind: 'APIExport',
        metadata: { name: 'second' },
        spec: { identity: { secretRef: { namespace: 'kcp-system', name: 'first' } } },
      })
      await waitFor('the second export has the identity of the first', async () => {
        const second = await admin.get(at(`${APIS}/apiexports/second`))
        return second.status?.['identityHash'] === first.status.identityHash
      })
    })

    test('5.3 the hash never changes', async () => {
      const { status } = await createExport(admin, provider, 'fixed')
      await admin.merge(secret('fixed'), { stringData: { key: 'another' } })
      const seen = await waitFor('the mismatch is told', async () => {
        const found = await admin.get(at(`${APIS}/apiexports/fixed`))
        return conditionsOf(found)['IdentityValid']?.status === 'False' ? found : undefined
      })
      expect(conditionsOf(seen)['IdentityValid']?.reason).toBe('IdentityVerificationFailed')
      expect(seen.status?.['identityHash']).toBe(status.identityHash)
    })
  })
})
