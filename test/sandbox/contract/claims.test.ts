import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  APIS,
  bind,
  boundBinding,
  type Claim,
  createExport,
  viewOf,
  WIDGETS,
  WIDGETS_IN_DEFAULT,
  widget,
} from './exports-support.ts'
import {
  type Api,
  adminOf,
  CONFIG_MAPS,
  conditionsOf,
  configMap,
  createRole,
  createWorkspace,
  grant,
  type Json,
  KCP_ADMIN,
  type KubeObject,
  messageOf,
} from './support.ts'

const LABEL_PREFIX = 'claimed.internal.apis.kcp.io/'
const ALL: Claim = { resource: 'configmaps', verbs: ['*'] }

describe('contract 6, and 3.3 to 3.5', () => {
  let sandbox: Sandbox
  let admin: Api
  let provider: string
  let counter = 0

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    provider = (await createWorkspace(admin, 'root', 'provider', { type: 'universal' })).spec.cluster
  })
  afterAll(() => sandbox.close())

  /** An export with claims and a consumer that accepts `accepted`. */
  async function claimed(claims: Claim[], accepted: Claim[] = claims) {
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims })
    const cluster = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec.cluster
    const binding = await bind(admin, cluster, ['root:provider', name], accepted)
    return { name, cluster, binding, inside: `/clusters/${cluster}`, view: viewOf(provider, name, cluster) }
  }

  /** Server-side applies a ConfigMap. */
  const apply = (api: Api, path: string) =>
    api.call('PATCH', `${path}?fieldManager=provider`, {
      body: configMap(path.split('/').at(-1)!, { applied: 'yes' }),
      headers: { 'content-type': 'application/apply-patch+yaml' },
    })

  const claimLabels = ({ metadata }: KubeObject): [string, string][] =>
    Object.entries(metadata.labels ?? {}).filter(([key]) => key.startsWith(LABEL_PREFIX))

  test('6.1 a claim that is not accepted has no effect, and verbs count where both name them', async () => {
    const rejected = await claimed([ALL], [{ ...ALL, state: 'Rejected' }])
    const created = await admin.create(`${rejected.inside}/${CONFIG_MAPS}`, configMap('mine'))
    expect(claimLabels(created)).toEqual([])
    expect((await admin.call('GET', `${rejected.view}/${CONFIG_MAPS}/mine`)).status).toBe(404)

    const user = admin.as('user-1-token')
    await grant(admin, provider, 'user-1', 'cluster-admin')
    const some = await claimed(
      [{ resource: 'configmaps', verbs: ['get', 'list', 'create'] }],
      [{ resource: 'configmaps', verbs: ['get', 'list', 'delete'] }],
    )
    await admin.create(`${some.inside}/${CONFIG_MAPS}`, configMap('mine'))
    expect((await user.call('GET', `${some.view}/${CONFIG_MAPS}/mine`)).status).toBe(200)
    expect((await user.call('DELETE', `${some.view}/${CONFIG_MAPS}/mine`)).status).toBe(403)
    expect((await user.call('POST', `${some.view}/${CONFIG_MAPS}`, { body: configMap('other') })).status).toBe(403)
  })

  test('6.2 claimed objects are labelled when they are written', async () => {
    const { inside, view } = await claimed([ALL])
    const created = await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('mine'))
    expect(claimLabels(created)).toHaveLength(1)
    // 3.4: the same for all claims on ConfigMaps.
    expect(claimLabels(created)[0]?.[1]).toBe('3QVjs6pfBjMpLEVYYhysJnroYGsQGlWm05E4qe')
    expect((await admin.get(`${view}/${CONFIG_MAPS}/mine`)).metadata.name).toBe('mine')
    const secrets = await admin.create(`${inside}/api/v1/namespaces/default/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'unclaimed' },
    })
    expect(claimLabels(secrets)).toEqual([])
  })

  test('6.2 nobody sets these labels by hand, and who leaves them out has them again', async () => {
    const { inside } = await claimed([ALL])
    const foreign = { ...configMap('foreign'), metadata: { name: 'foreign', labels: { [`${LABEL_PREFIX}x`]: 'y' } } }
    const refused = await admin.call('POST', `${inside}/${CONFIG_MAPS}`, { body: foreign, headers: KCP_ADMIN })
    expect(refused.status).toBe(403)
    expect(messageOf(refused)).toContain('must not be set')
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('mine'))
    const replaced = await admin.json('PUT', `${inside}/${CONFIG_MAPS}/mine`, { body: configMap('mine', { a: 'b' }) })
    expect(claimLabels(replaced)).toHaveLength(1)
  })

  test('6.2 what was there is labelled when a claim is accepted, and no longer when it is not', async () => {
    const { inside, name, view } = await claimed([ALL], [])
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('before'))
    const path = `${inside}/${APIS}/apibindings/${name}`
    const accept = (state: string) =>
      admin.merge(path, { spec: { permissionClaims: [{ ...ALL, selector: { matchAll: true }, state }] } })
    await accept('Accepted')
    await waitFor('the label is there', async () => {
      const found = await admin.get(`${inside}/${CONFIG_MAPS}/before`)
      return claimLabels(found).length === 1 || undefined
    })
    expect(await admin.items(`${view}/${CONFIG_MAPS}`)).toHaveLength(2)
    await accept('Rejected')
    await waitFor('the label is gone', async () => {
      const found = await admin.get(`${inside}/${CONFIG_MAPS}/before`)
      return claimLabels(found).length === 0 || undefined
    })
    expect(await admin.items(`${view}/${CONFIG_MAPS}`)).toEqual([])
  })

  test('6.2 labels go with the binding', async () => {
    const { inside, name } = await claimed([ALL])
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('mine'))
    await admin.call('DELETE', `${inside}/${APIS}/apibindings/${name}`)
    await waitFor('the binding is gone', async () => {
      const { status } = await admin.call('GET', `${inside}/${APIS}/apibindings/${name}`)
      return status === 404 || undefined
    })
    expect(claimLabels(await admin.get(`${inside}/${CONFIG_MAPS}/mine`))).toEqual([])
  })

  test('6.3 only what the selector selects is labelled', async () => {
    const { inside, view } = await claimed([ALL], [{ ...ALL, selector: { matchLabels: { team: 'a' } } }])
    const named = (name: string, team: string) => ({
      ...configMap(name),
      metadata: { name, labels: { team } },
    })
    await admin.create(`${inside}/${CONFIG_MAPS}`, named('yes', 'a'))
    await admin.create(`${inside}/${CONFIG_MAPS}`, named('no', 'b'))
    const seen = await admin.items(`${view}/${CONFIG_MAPS}`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['yes'])

    const own = await admin.create(`${view}/${CONFIG_MAPS}`, configMap('own'))
    expect(own.metadata.labels?.['team']).toBe('a')
    const differing = await admin.call('POST', `${view}/${CONFIG_MAPS}`, { body: named('differing', 'b') })
    expect(differing.status).toBe(403)
    expect(messageOf(differing)).toContain('protected label')
    const leaving = await admin.merge(`${view}/${CONFIG_MAPS}/own`, { metadata: { labels: { team: 'b' } } })
    expect(leaving.status).toBe(403)
    expect(messageOf(leaving)).toContain('object does not match required labels')
  })

  test('6.3 and 15.1 labels follow the selector when the consumer changes it', async () => {
    const { inside, view, name } = await claimed([ALL], [{ ...ALL, selector: { matchLabels: { team: 'a' } } }])
    const path = `${inside}/${APIS}/apibindings/${name}`
    for (const team of ['a', 'b']) {
      const body = { ...configMap(`of-${team}`), metadata: { name: `of-${team}`, labels: { team } } }
      await admin.create(`${inside}/${CONFIG_MAPS}`, body)
    }
    const seen = async () => (await admin.items(`${view}/${CONFIG_MAPS}`)).map(({ metadata }) => metadata.name)
    expect(await seen()).toEqual(['of-a'])
    const select = (selector: object) =>
      admin.merge(path, { spec: { permissionClaims: [{ ...ALL, selector, state: 'Accepted' }] } })
    expect((await select({ matchLabels: { team: 'b' } })).status).toBe(200)
    await waitFor('the other is seen', async () => (await seen()).join() === 'of-b')
    const { status } = await boundBinding(admin, path)
    expect(status?.['appliedPermissionClaims']).toMatchObject([{ selector: { matchLabels: { team: 'b' } } }])
    const wrong = await select({ matchExpressions: [{ key: 'team', operator: 'Near' }] })
    expect(wrong.status).toBe(403)
    expect(messageOf(wrong)).toContain('spec.permissionClaims[0].selector.matchExpressions[0].operator')
  })

  test('6.3 labels for expressions are not added: an object that lacks them is refused', async () => {
    const selector = { matchExpressions: [{ key: 'team', operator: 'Exists' }] }
    const { inside, view } = await claimed([ALL], [{ ...ALL, selector }])
    const fitting = { ...configMap('fitting'), metadata: { name: 'fitting', labels: { team: 'a' } } }
    await admin.create(`${view}/${CONFIG_MAPS}`, fitting)
    const lacking = await admin.call('POST', `${view}/${CONFIG_MAPS}`, { body: configMap('lacking') })
    const leaving = await admin.merge(`${view}/${CONFIG_MAPS}/fitting`, { metadata: { labels: { team: null } } })
    for (const refused of [lacking, leaving]) {
      expect(refused.status).toBe(403)
      expect(messageOf(refused)).toContain('object does not match required labels')
    }
    expect((await admin.call('GET', `${inside}/${CONFIG_MAPS}/lacking`)).status).toBe(404)
  })

  test('6.4 the view shows labelled objects only, and deletes only these', async () => {
    const { inside, view } = await claimed([ALL], [{ ...ALL, selector: { matchLabels: { team: 'a' } } }])
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('hidden'))
    await admin.create(`${view}/${CONFIG_MAPS}`, configMap('shown'))
    expect((await admin.call('GET', `${view}/${CONFIG_MAPS}/hidden`)).status).toBe(404)
    expect((await admin.merge(`${view}/${CONFIG_MAPS}/hidden`, { data: { a: 'b' } })).status).toBe(404)
    const applied = await apply(admin, `${view}/${CONFIG_MAPS}/hidden`)
    expect([applied.status, messageOf(applied)]).toEqual([404, 'configmaps "hidden" not found'])
    expect((await admin.get<Json>(`${inside}/${CONFIG_MAPS}/hidden`))['data']).toBeUndefined()
    expect((await admin.call('DELETE', `${view}/${CONFIG_MAPS}/hidden`)).status).toBe(404)
    expect((await admin.call('DELETE', `${view}/${CONFIG_MAPS}`)).status).toBe(200)
    const left = await admin.items(`${inside}/${CONFIG_MAPS}`)
    expect(left.map(({ metadata }) => metadata.name)).toEqual(['hidden', 'kube-root-ca.crt'])
  })

  test('6.4 who may not change an object does not learn whether it is hidden', async () => {
    const claim: Claim = { ...ALL, verbs: ['get', 'list', 'patch'], selector: { matchLabels: { team: 'a' } } }
    const { inside, view } = await claimed([claim])
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('hidden'))
    await grant(admin, provider, 'user-2', 'cluster-admin')
    const [patcher, stranger] = [admin.as('user-2-token'), admin.as('user-3-token')]
    for (const name of ['hidden', 'absent']) {
      expect((await stranger.call('DELETE', `${view}/${CONFIG_MAPS}/${name}`)).status).toBe(403)
      expect((await apply(stranger, `${view}/${CONFIG_MAPS}/${name}`)).status).toBe(403)
      expect((await apply(patcher, `${view}/${CONFIG_MAPS}/${name}`)).status).toBe(403)
      expect((await patcher.merge(`${view}/${CONFIG_MAPS}/${name}`, { data: {} })).status).toBe(404)
    }
  })

  test('6.5 one claim on events is about both groups', async () => {
    const { inside, view } = await claimed([{ resource: 'events', verbs: ['*'] }])
    await admin.create(`${inside}/api/v1/namespaces/default/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'happened' },
      involvedObject: { kind: 'ConfigMap', namespace: 'default', name: 'x' },
    })
    for (const group of ['api/v1', 'apis/events.k8s.io/v1']) {
      const events = await admin.items(`${view}/${group}/namespaces/default/events`)
      expect(events.map(({ metadata }) => metadata.name)).toEqual(['happened'])
    }
  })

  test('15.7 OpenAPI has what is claimed of Kubernetes, and nothing beside it', async () => {
    const leases = { group: 'coordination.k8s.io', resource: 'leases', verbs: ['*'] }
    const { view } = await claimed([ALL, leases])
    const { paths } = await admin.get<{ paths: Json }>(`${view}/openapi/v3`)
    expect(Object.keys(paths).sort()).toEqual([
      ...['api', 'api/v1', 'apis', 'apis/apis.kcp.io', 'apis/apis.kcp.io/v1alpha1', 'apis/apis.kcp.io/v1alpha2'],
      ...[
        'apis/coordination.k8s.io',
        'apis/coordination.k8s.io/v1',
        'apis/example.io',
        'apis/example.io/v1',
        'version',
      ],
    ])
    const core = await admin.get<{ paths: Json; components: { schemas: Json } }>(`${view}/openapi/v3/api/v1`)
    const collection = '/api/v1/namespaces/{namespace}/configmaps'
    expect(Object.keys(core.paths).sort()).toEqual(['/api/v1/configmaps', collection, `${collection}/{name}`])
    expect(core.components.schemas).toHaveProperty(['io.k8s.api.core.v1.ConfigMap'])
    expect(core.components.schemas).not.toHaveProperty(['io.k8s.api.core.v1.Secret'])
  })

  test('6.5 reviews can be claimed and are created only', async () => {
    const claim: Claim = { group: 'authorization.k8s.io', resource: 'subjectaccessreviews', verbs: ['create'] }
    const { view } = await claimed([claim])
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'secrets' } },
    }
    const path = `${view}/apis/authorization.k8s.io/v1/subjectaccessreviews`
    expect((await admin.create(path, review)).status).toMatchObject({ allowed: false })
    expect((await admin.call('GET', path)).status).toBe(405)
  })

  test('6.5 and 6.7 a type of another export is claimed by its identity', async () => {
    const other = await createExport(admin, provider, 'widgets-of-another')
    const { identityHash } = other.status
    const claim: Claim = { group: 'example.io', resource: 'widgets', verbs: ['get', 'list', 'watch'], identityHash }
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims: [claim], schema: 'none' })
    const cluster = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec.cluster
    await bind(admin, cluster, ['root:provider', 'widgets-of-another'])
    await bind(admin, cluster, ['root:provider', name], [claim])
    await admin.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('claimed'))
    const seen = await admin.items(`${viewOf(provider, name, cluster)}/${WIDGETS}`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['claimed'])
  })

  test('6.7 the policies of all exports that share the identity limit who claims it, the wildcard too', async () => {
    const [owner, twin] = await Promise.all(
      ['owner', 'twin'].map((name) => createWorkspace(admin, 'root', name, { type: 'universal' })),
    )
    const first = await createExport(admin, owner!.spec.cluster, 'limited')
    const { identityHash } = first.status
    const claim: Claim = { group: 'example.io', resource: 'widgets', verbs: ['get', 'list', 'watch'], identityHash }
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims: [claim], schema: 'none' })
    const cluster = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec.cluster
    await bind(admin, cluster, ['root:owner', 'limited'])
    await bind(admin, cluster, ['root:provider', name], [claim])
    await grant(admin, provider, 'claimer', 'cluster-admin')
    const claimer = { headers: { 'impersonate-user': 'claimer', 'impersonate-group': 'system:authenticated' } }
    const listed = (at: string) => admin.call('GET', `${viewOf(provider, name, at)}/${WIDGETS}`, claimer)
    for (const at of ['*', cluster]) expect((await listed(at)).status).toBe(200)

    const policy = { spec: { maximalPermissionPolicy: { local: {} } } }
    await admin.merge(`/clusters/root:owner/${APIS}/apiexports/limited`, policy)
    for (const at of ['*', cluster]) {
      const refused = await listed(at)
      expect(refused.status).toBe(403)
      expect(messageOf(refused)).toBe(
        'widgets.example.io is forbidden: User "claimer" cannot list resource "widgets" in API group "example.io" ' +
          'at the cluster scope: access denied',
      )
    }
    const rule = { apiGroups: ['example.io'], resources: ['widgets'], verbs: ['list'] }
    await createRole(admin, 'root:owner', 'lister', rule)
    await grant(admin, 'root:owner', 'apis.kcp.io:binding:claimer', 'lister')
    for (const at of ['*', cluster]) expect((await listed(at)).status).toBe(200)

    const key = (await admin.get(`/clusters/root:owner/api/v1/namespaces/kcp-system/secrets/limited`)) as unknown as {
      data: Json
    }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'shared' }, data: key.data }
    await admin.create(`/clusters/root:twin/api/v1/namespaces/default/secrets`, secret)
    const secretRef = { namespace: 'default', name: 'shared' }
    const second = await createExport(admin, twin!.spec.cluster, 'twin', { schema: 'none', secretRef })
    expect(second.status.identityHash).toBe(identityHash)
    expect((await listed(cluster)).status).toBe(200)
    await admin.merge(`/clusters/root:twin/${APIS}/apiexports/twin`, policy)
    for (const at of ['*', cluster]) expect((await listed(at)).status).toBe(403)
  })

  test('6.7 what is claimed of an export that is gone is given to nobody', async () => {
    const gone = await createExport(admin, provider, 'going')
    const { identityHash } = gone.status
    const claim: Claim = { group: 'example.io', resource: 'widgets', verbs: ['get', 'list', 'watch'], identityHash }
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims: [claim], schema: 'none' })
    await grant(admin, provider, 'claimer-of-gone', 'cluster-admin')
    const headers = { 'impersonate-user': 'claimer-of-gone', 'impersonate-group': 'system:authenticated' }
    const listed = () => admin.call('GET', `${viewOf(provider, name, '*')}/${WIDGETS}`, { headers })
    expect((await listed()).status).toBe(200)
    await admin.call('DELETE', `/clusters/${provider}/${APIS}/apiexports/going`)
    expect((await listed()).status).toBe(403)
  })

  test('6.5 of two exports with one identity, the one that has the type is meant', async () => {
    const first = await createExport(admin, provider, 'sharing-empty', { schema: 'none' })
    const { secretRef = {} } = (first.spec?.['identity'] ?? {}) as { secretRef?: Json }
    const second = await createExport(admin, provider, 'sharing-widgets', { secretRef })
    const { identityHash } = second.status
    expect(identityHash).toBe(first.status.identityHash)
    const claim: Claim = { group: 'example.io', resource: 'widgets', verbs: ['get', 'list', 'watch'], identityHash }
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims: [claim], schema: 'none' })
    const cluster = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec.cluster
    const binding = await bind(admin, cluster, ['root:provider', name], [claim])
    expect(conditionsOf(binding)['PermissionClaimsValid']?.status).toBe('True')
  })

  test('6.5 a claim on a type that is not there yet is applied when it is', async () => {
    const later = await createExport(admin, provider, 'later', { schema: 'none' })
    const { identityHash } = later.status
    const claim: Claim = { group: 'example.io', resource: 'widgets', verbs: ['get', 'list', 'watch'], identityHash }
    const name = `claims-${++counter}`
    await createExport(admin, provider, name, { claims: [claim], schema: 'none' })
    const cluster = (await createWorkspace(admin, 'root', name, { type: 'universal' })).spec.cluster
    const path = `/clusters/${cluster}/${APIS}/apibindings/${name}`
    await admin.create(`/clusters/${cluster}/${APIS}/apibindings`, {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIBinding',
      metadata: { name },
      spec: {
        reference: { export: { path: 'root:provider', name } },
        permissionClaims: [{ ...claim, selector: { matchAll: true }, state: 'Accepted' }],
      },
    })
    const condition = await waitFor('the claim is told to be unknown', async () => {
      const found = conditionsOf(await admin.get(path))['PermissionClaimsApplied']
      return found?.status === 'False' ? found : undefined
    })
    expect(condition.message).toContain('widgets.example.io cannot be resolved')
    const resources = [{ name: 'widgets', group: 'example.io', schema: 'v1.widgets.example.io', storage: { crd: {} } }]
    await admin.merge(`/clusters/${provider}/${APIS}/apiexports/later`, { spec: { resources } })
    await bind(admin, cluster, ['root:provider', 'later'])
    await boundBinding(admin, path)
    await admin.create(`/clusters/${cluster}/${WIDGETS_IN_DEFAULT}`, widget('seen'))
    const seen = await admin.items(`${viewOf(provider, name, cluster)}/${WIDGETS}`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual(['seen'])
  })

  test('6.2 a binding with claims goes after its export is gone', async () => {
    const { inside, name } = await claimed([ALL])
    await admin.create(`${inside}/${CONFIG_MAPS}`, configMap('mine'))
    await admin.call('DELETE', `/clusters/${provider}/${APIS}/apiexports/${name}`)
    await admin.call('DELETE', `${inside}/${APIS}/apibindings/${name}`)
    await waitFor('the binding is gone', async () => {
      const { status } = await admin.call('GET', `${inside}/${APIS}/apibindings/${name}`)
      return status === 404 || undefined
    })
    expect(claimLabels(await admin.get(`${inside}/${CONFIG_MAPS}/mine`))).toEqual([])
  })

  test('6.6 the binding says what is wrong with its claims', async () => {
    const unknown = { resource: 'secrets', verbs: ['*'] }
    const strange = await claimed([ALL], [ALL, unknown])
    expect(conditionsOf(strange.binding)['PermissionClaimsValid']).toMatchObject({
      status: 'False',
      reason: 'InvalidPermissionClaims',
      message: expect.stringContaining('secrets'),
    })
    const differing = await claimed([ALL], [{ ...ALL, verbs: ['get'] }])
    expect(conditionsOf(differing.binding)['PermissionClaimsValid']).toMatchObject({
      status: 'False',
      severity: 'Warning',
      reason: 'PermissionClaimsMismatch',
    })
    const fine = await claimed([ALL])
    expect(conditionsOf(fine.binding)['PermissionClaimsValid']?.status).toBe('True')
    expect(fine.binding.status?.['appliedPermissionClaims'] as Json[]).toMatchObject([{ resource: 'configmaps' }])
    expect(fine.binding.status?.['exportPermissionClaims'] as Json[]).toMatchObject([{ resource: 'configmaps' }])
  })

  test('3.5 bindings carry the reflexive label for their export, and are seen in its view', async () => {
    const claim: Claim = { group: 'apis.kcp.io', resource: 'apibindings', verbs: ['get', 'list'] }
    const { inside, name, view } = await claimed([claim], [])
    const binding = await boundBinding(admin, `${inside}/${APIS}/apibindings/${name}`)
    expect(claimLabels(binding)[0]?.[1]).toBe('LstvmbbzVDDOn90ZbhzSQO5U3DMCf88h1pZ')
    const seen = await admin.items(`${view}/${APIS}/apibindings`)
    expect(seen.map(({ metadata }) => metadata.name)).toEqual([name])
  })
})
