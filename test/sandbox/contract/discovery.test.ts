import { type Sandbox, startSandbox } from '@resource-broker/sandbox'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, createExport } from './exports-support.ts'
import { type Api, adminOf, CRDS, createWorkspace, type Json } from './support.ts'

type Groups = { groups: { name: string }[] }
type Resources = { resources: { name: string; kind: string }[] }

const BUILT_IN = [
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'events.k8s.io',
  'rbac.authorization.k8s.io',
]
const ASKED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
]

describe('contract 9', () => {
  let sandbox: Sandbox
  let admin: Api
  const base = '/clusters/root:discovered'

  beforeAll(async () => {
    sandbox = await startSandbox()
    admin = adminOf(sandbox)
    await createWorkspace(admin, 'root', 'provider', { type: 'universal' })
    await createExport(admin, 'root:provider', 'widgets')
    await createWorkspace(admin, 'root', 'discovered', { type: 'universal' })
  })
  afterAll(() => sandbox.close())

  const groups = async () => (await admin.get<Groups>(`${base}/apis`)).groups.map(({ name }) => name)

  test('9.1 discovery grows with bindings and with definitions, at run time', async () => {
    expect(await groups()).not.toContain('example.io')
    await bind(admin, 'root:discovered', ['root:provider', 'widgets'])
    expect(await groups()).toContain('example.io')
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    await admin.create(`${base}/${CRDS}`, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gadgets.local.io' },
      spec: {
        group: 'local.io',
        scope: 'Namespaced',
        names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    })
    await waitFor('the definition is served', async () => (await groups()).includes('local.io') || undefined)
    const { resources } = await admin.get<Resources>(`${base}/apis/local.io/v1`)
    expect(resources.map(({ kind }) => kind)).toEqual(['Gadget'])
  })

  test('9.2 has the groups of a control plane, and none of workloads', async () => {
    const served = (await groups()).filter((name) => name.endsWith('k8s.io'))
    expect(served.sort()).toEqual(BUILT_IN)
    const { resources } = await admin.get<Resources>(`${base}/api/v1`)
    const names = resources.map(({ name }) => name)
    for (const name of ['namespaces', 'configmaps', 'secrets', 'events', 'limitranges', 'resourcequotas'])
      expect(names).toContain(name)
    expect(names).toContain('serviceaccounts/token')
    for (const name of ['pods', 'nodes', 'services', 'replicationcontrollers']) expect(names).not.toContain(name)
  })

  test('9.3 is answered aggregated where that is asked for, and plain otherwise', async () => {
    const aggregated = await admin.call('GET', `${base}/apis`, { headers: { accept: ASKED.join(',') } })
    expect(aggregated.headers['content-type']).toContain('as=APIGroupDiscoveryList')
    expect(JSON.parse(aggregated.text)).toMatchObject({ kind: 'APIGroupDiscoveryList' })
    const plain = await admin.call('GET', `${base}/apis`)
    expect(plain.headers['content-type']).toBe('application/json')
    expect(JSON.parse(plain.text)).toMatchObject({ kind: 'APIGroupList' })
  })

  test('9.4 OpenAPI v3 has a document for each group version, and v2 is there for kubectl', async () => {
    const { paths } = await admin.get<{ paths: Json }>(`${base}/openapi/v3`)
    const wanted = [
      ...['api/v1', 'apis/admissionregistration.k8s.io/v1', 'apis/authentication.k8s.io/v1'],
      ...['apis/tenancy.kcp.io/v1alpha1', 'apis/apis.kcp.io/v1alpha1', 'apis/core.kcp.io/v1alpha1'],
      ...['apis/topology.kcp.io/v1alpha1', 'api', 'apis', 'apis/rbac.authorization.k8s.io', 'version'],
    ]
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(wanted))
    for (const path of wanted) expect(await admin.get(`${base}/openapi/v3/${path}`)).toHaveProperty('components')
    expect(await admin.get(`${base}/openapi/v2`)).toMatchObject({ swagger: '2.0' })
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
    const protobuf = await admin.call('GET', `${base}/openapi/v2`, { headers: { accept } })
    expect(protobuf.status).toBe(200)
    expect(protobuf.headers['content-type']).toContain('protobuf')
  })

  test('9.6 what is no workspace has no groups', async () => {
    const answer = await admin.call('GET', '/clusters/root:nowhere/apis')
    expect([403, 404]).toContain(answer.status)
  })
})
