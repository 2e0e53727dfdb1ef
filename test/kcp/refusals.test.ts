import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI, type Condition, conditionTypes, kcpLayout } from '@resource-broker/api'
import { bootstrap, type Crd, readCrds, schemaOf } from '@resource-broker/cli'
import { ENDPOINT_SLICES, readKubeconfig } from '@resource-broker/kube'
import { type KubeObject, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ServiceProcess, startService } from '../support/broker.ts'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../support/kcp-landscape.ts'
import { ROOT } from '../support/landscape.ts'
import { runThingController, THING } from '../support/provider-controller.ts'
import { conditionOf, copyAt, create, read, roundTrip, served, thing, thingRef, told } from '../support/things.ts'
import type { WorkspaceSite } from '../support/workspace-site.ts'

const BROKERED = 'things.test.platform-mesh.io'
const APIBINDINGS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apibindings' }
const APIEXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
const GADGETS = { group: 'test.platform-mesh.io', version: 'v1', resource: 'gadgets' }
const CLUSTERROLEBINDINGS = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterrolebindings' }

let dir: string
let kcp: KcpLandscape
let broker: ServiceProcess
const stops: (() => void)[] = []

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kcp-refusals-'))
  kcp = await startKcpLandscape({
    dir,
    consumers: ['acme', 'globex'],
    providers: ['alpha', 'beta', 'gamma'],
    brokeredCrds: [join(ROOT, 'test/support/thing-crd.yaml'), join(ROOT, 'test/e2e/fixtures/gadget-crd.yaml')],
    providerCrds: [join(ROOT, 'test/support/thing-crd.yaml')],
  })
  broker = await startService(kcp, 'broker')
  for (const { name, kubeconfig, exportName } of Object.values(kcp.providers))
    stops.push(runThingController({ name, home: await readKubeconfig(kubeconfig), slice: exportName }))
})

afterAll(async () => {
  for (const stop of stops) stop()
  await broker.stop()
  await kcp.stop()
  await rm(dir, { recursive: true, force: true })
})

const provider = (name: string) => kcp.providers[name] as ProviderSite
const consumer = (name: string) => kcp.consumers[name] as WorkspaceSite

async function offer(at: ProviderSite, name: string, spec: object): Promise<void> {
  const { apiVersion, kind, resource } = AcceptAPI
  const gvr = { gvr: THING, apiExportName: at.exportName }
  await at.kube.apply({ ...resource, name }, { apiVersion, kind, metadata: { name }, spec: { ...gvr, ...spec } })
}

/** Waits for a condition of an AcceptAPI, and answers what it says. */
async function says(at: ProviderSite, name: string, type: string, status: string): Promise<Condition> {
  return await waitFor(`${type} of ${name} is ${status}`, async () => {
    const found = conditionOf(await read(at, { ...AcceptAPI.resource, name }), type)
    return found?.status === status ? found : undefined
  })
}

const { bindingVerified, ready } = conditionTypes
const sized = (size: string) => ({ filters: [{ key: 'size', valueIn: [size] }] })

/** The broker may not bind a provider's export, until what is returned is called. */
async function forbidBinding({ kube, exportName }: ProviderSite): Promise<() => Promise<void>> {
  const right = { ...CLUSTERROLEBINDINGS, name: `resource-broker-bind-${exportName}` }
  const { metadata, ...given } = await kube.get<{ metadata: { name: string } }>(right)
  await kube.delete(right)
  return async () => void (await kube.create(CLUSTERROLEBINDINGS, { ...given, metadata: { name: metadata.name } }))
}

test('an export that the broker may not bind is not offered, says what is missing, and is once the right is given', async () => {
  const beta = provider('beta')
  const allow = await forbidBinding(beta)
  await offer(beta, 'unbound', sized('unbound'))
  const { message } = await says(beta, 'unbound', bindingVerified, 'False')
  expect(message).toContain(`no permission to bind to export ${beta.cluster}:${beta.exportName}`)
  expect((await says(beta, 'unbound', ready, 'False')).reason).toBe('BindingNotVerified')
  await allow()
  expect((await says(beta, 'unbound', ready, 'True')).reason).toBe('Indexed')
})

test('an object whose staging workspace may not be bound says what is missing, and is served once the right is given', async () => {
  const [beta, globex] = [provider('beta'), consumer('globex')]
  await offer(beta, 'bound', sized('bound'))
  await says(beta, 'bound', ready, 'True')
  const allow = await forbidBinding(beta)
  await create(globex, thing('first', { size: 'bound' }))
  await waitFor('the consumer reads what the server said', async () => {
    const synced = conditionOf(await read(globex, thingRef('first')), 'Synced')
    return synced?.message.includes(`no permission to bind to export ${beta.cluster}:${beta.exportName}`)
  })
  await allow()
  await served(globex, 'first', beta)
})

test.each([
  {
    what: 'names no export',
    spec: { apiExportName: undefined },
    type: ready,
    reason: 'NoAPIExport',
    says: 'spec.apiExportName',
  },
  {
    what: 'names an export that is not there',
    spec: { apiExportName: 'nothing' },
    type: bindingVerified,
    reason: 'BindingFailed',
    says: ':nothing',
  },
  {
    what: 'is for a resource that its export does not serve',
    spec: { gvr: { group: 'other.platform-mesh.io', version: 'v1', resource: 'gadgets' } },
    ...{ type: bindingVerified, reason: 'ResourceNotExported', says: 'things serves things.test.platform-mesh.io' },
  },
])('an AcceptAPI that $what says so', async ({ what, spec, type, reason, says: text }) => {
  const name = what.replaceAll(' ', '-')
  await offer(provider('gamma'), name, spec)
  const condition = await says(provider('gamma'), name, type, 'False')
  expect(condition.reason).toBe(reason)
  expect(condition.message).toContain(text)
})

test('a consumer that does not accept the claim on Secrets is served, and told what it does not get', async () => {
  const alpha = provider('alpha')
  await offer(alpha, 'claims', sized('claims'))
  await says(alpha, 'claims', ready, 'True')
  const globex = consumer('globex')
  const binding = { ...APIBINDINGS, name: BROKERED }
  type Binding = { spec: { permissionClaims: { resource: string; state: string }[] } }
  const { spec } = await globex.kube.get<Binding>(binding)
  const permissionClaims = spec.permissionClaims.map((claim) =>
    claim.resource === 'secrets' ? { ...claim, state: 'Rejected' } : claim,
  )
  await globex.kube.mergePatch(binding, { spec: { permissionClaims } })
  await create(globex, thing('secretive', { size: 'claims', secret: true }))
  await served(globex, 'secretive', alpha)
  const { message } = await told(globex, 'secretive', 'Synced', 'False', 'RelatedRefused')
  expect(message).toContain('secretive-secret')
})

test('an export that is deleted offers nothing any more, and what is there goes on being served', async () => {
  const beta = provider('beta')
  await offer(beta, 'leaving', sized('leaving'))
  await says(beta, 'leaving', ready, 'True')
  await create(consumer('acme'), thing('lasting', { size: 'leaving' }))
  await served(consumer('acme'), 'lasting', beta)
  await beta.kube.delete({ ...APIEXPORTS, name: beta.exportName })
  expect((await says(beta, 'leaving', bindingVerified, 'False')).reason).toBe('APIExportNotFound')
  expect((await says(beta, 'leaving', ready, 'False')).reason).toBe('BindingNotVerified')
  const { status } = (await read(consumer('acme'), thingRef('lasting'))) ?? {}
  expect(status?.status).toBe('Available')
})

test('an export that is made again with another identity is bound anew, and serves what was there before too', async () => {
  const gamma = provider('gamma')
  const [acme, name] = [consumer('acme'), gamma.exportName as string]
  await offer(gamma, 'again', sized('again'))
  await says(gamma, 'again', ready, 'True')
  await create(acme, thing('older', { size: 'again' }))
  await served(acme, 'older', gamma)
  type Export = { apiVersion: string; kind: string; spec: { resources: object[] }; status: { identityHash: string } }
  const { apiVersion, kind, spec, status } = await gamma.kube.get<Export>({ ...APIEXPORTS, name })
  await gamma.kube.delete({ ...APIEXPORTS, name })
  await gamma.kube.delete({ group: '', version: 'v1', resource: 'secrets', namespace: 'kcp-system', name })
  expect((await says(gamma, 'again', bindingVerified, 'False')).reason).toBe('APIExportNotFound')
  await gamma.kube.create(APIEXPORTS, { apiVersion, kind, metadata: { name }, spec: { resources: spec.resources } })
  await says(gamma, 'again', ready, 'True')
  const { status: after } = await gamma.kube.get<Export>({ ...APIEXPORTS, name })
  expect(after.identityHash).not.toBe(status.identityHash)
  await create(acme, thing('newer', { size: 'again' }))
  await served(acme, 'newer', gamma)
  await roundTrip(acme, 'older', gamma)
})

test('an export that gets another resource serves that too, for consumers whose workspace is there already', async () => {
  const gamma = provider('gamma')
  const acme = consumer('acme')
  await offer(gamma, 'first', sized('grows'))
  await says(gamma, 'first', ready, 'True')
  await create(acme, thing('before', { size: 'grows' }))
  await served(acme, 'before', gamma)
  const [gadget] = readCrds(join(ROOT, 'test/e2e/fixtures/gadget-crd.yaml'))
  const schema = schemaOf(gadget as Crd)
  await gamma.client.apply(schema as KubeObject)
  const exported = { ...APIEXPORTS, name: gamma.exportName }
  const { spec } = await gamma.kube.get<{ spec: { resources: object[] } }>(exported)
  const more = { group: GADGETS.group, name: 'gadgets', schema: schema.metadata.name, storage: { crd: {} } }
  await gamma.kube.mergePatch(exported, { spec: { resources: [...spec.resources, more] } })
  await offer(gamma, 'second', { gvr: GADGETS })
  await says(gamma, 'second', ready, 'True')
  const body = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Gadget', metadata: { name: 'after' }, spec: {} }
  await acme.kube.create(GADGETS, body)
  const [at] = copyAt(gamma, acme, 'after')
  await waitFor('the copy of the gadget', async () => (await read(at, { ...GADGETS, name: 'after' })) !== undefined)
})

test('a brokered API comes and goes without a restart', async () => {
  const alpha = provider('alpha')
  await offer(alpha, 'comes-and-goes', sized('comes-and-goes'))
  await says(alpha, 'comes-and-goes', ready, 'True')
  const slice = { ...ENDPOINT_SLICES, name: BROKERED }
  const { spec } = await kcp.platform.kube.get<{ spec: object }>(slice)
  await kcp.platform.kube.delete(slice)
  expect((await says(alpha, 'comes-and-goes', ready, 'False')).reason).toBe('KindNotWatched')
  const body = {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIExportEndpointSlice',
    metadata: { name: BROKERED },
    spec,
  }
  await kcp.platform.kube.create(ENDPOINT_SLICES, body)
  await says(alpha, 'comes-and-goes', ready, 'True')
  await create(consumer('acme'), thing('again', { size: 'comes-and-goes' }))
  await served(consumer('acme'), 'again', alpha)
})

test('a login that ends is told, and the next one in its file is taken without a restart', async () => {
  const gamma = provider('gamma')
  await offer(gamma, 'renewed', sized('renewed'))
  await says(gamma, 'renewed', ready, 'True')
  const { config } = kcp.bootstrapped
  const accounts = { group: '', version: 'v1', resource: 'serviceaccounts', ...kcpLayout.serviceAccount }
  await kcp.base.below(`/clusters/${config.coordinationWorkspace}`).delete(accounts)
  await create(consumer('acme'), thing('patient', { size: 'renewed' }))
  const answer = async () => (await fetch(`http://${broker.http}/readyz`)).text()
  await waitFor('the broker says so', async () =>
    (await answer()).includes(`kcp does not take the login of ${config.output}: put a new one into the file`),
  )
  await bootstrap({ ...config, report: () => undefined })
  await served(consumer('acme'), 'patient', gamma)
  expect(await answer()).not.toContain('login')
})

test('a slice that is not there is named with those that are', async () => {
  const flags = kcp.flags.map((flag) => (flag === 'acceptapis' ? 'offers' : flag))
  const start = startService({ dir: kcp.dir, flags: [...flags, '--stream-prefix', 'wrong'] }, 'broker', 'wrong-slice')
  await expect(start).rejects.toThrow(/has no APIExportEndpointSlice .*offers.* there are: acceptapis, /)
})
