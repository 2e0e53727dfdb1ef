import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcceptAPI, Assignment, exportAt, stagingWorkspaceName } from '@resource-broker/api'
import { providerManifests, readCrds } from '@resource-broker/cli'
import { readKubeconfig } from '@resource-broker/kube'
import { type KubeObject, type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../support/kcp-landscape.ts'
import { ROOT } from '../support/landscape.ts'
import { runThingController } from '../support/provider-controller.ts'
import {
  create,
  gone,
  offer,
  offerCondition,
  patchSpec,
  read,
  release,
  roundTrip,
  served,
  thing,
  thingRef,
} from '../support/things.ts'
import type { WorkspaceSite } from '../support/workspace-site.ts'

const CRD = join(ROOT, 'test/support/thing-crd.yaml')
/** The second export of alpha that serves Things. */
const SECOND = 'other-things'

let dir: string
let kcp: KcpLandscape
let broker: ManagedProcess
const stops: (() => void)[] = []
let acme: WorkspaceSite
/** One provider with two exports, as two sites, and one with one. */
let [first, second, beta] = [] as unknown as [ProviderSite, ProviderSite, ProviderSite]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kcp-exports-'))
  kcp = await startKcpLandscape({ dir, consumers: ['acme'], providers: ['alpha', 'beta'], brokeredCrds: [CRD] })
  acme = kcp.consumers['acme'] as WorkspaceSite
  first = kcp.providers['alpha'] as ProviderSite
  beta = kcp.providers['beta'] as ProviderSite
  second = await withSecondExport(first)
  for (const { name, kubeconfig, exportName } of [first, second, beta])
    stops.push(runThingController({ name, home: await readKubeconfig(kubeconfig), slice: exportName }))
  await offer(first, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  broker = await startService(kcp, 'broker')
  await offerCondition(first, 'small', 'True', 'Indexed')
  await offer(second, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await offer(beta, 'huge', { filters: [{ key: 'size', valueIn: ['huge'] }] })
  await offerCondition(second, 'large', 'True', 'Indexed')
  await offerCondition(beta, 'huge', 'True', 'Indexed')
})

afterAll(async () => {
  for (const stop of stops) stop()
  await broker?.stop()
  await kcp?.stop()
  await rm(dir, { recursive: true, force: true })
})

async function withSecondExport(site: ProviderSite): Promise<ProviderSite> {
  const { platformWorkspace, stagingTreeRoot } = kcp.bootstrapped.config
  const crds = readCrds(CRD)
  const { user } = kcp.bootstrapped
  for (const each of providerManifests({ platformWorkspace, exportName: SECOND, crds, user }) as KubeObject[])
    await site.client.apply(each)
  const slice = { apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIExportEndpointSlice', metadata: { name: SECOND } }
  await waitFor(`the endpoint slice ${SECOND}`, () => site.client.get(slice))
  const copiesOf: ProviderSite['copiesOf'] = ({ cluster: consumerCluster, name }) => {
    const place = { consumerCluster, providerCluster: site.cluster, apiExportName: SECOND }
    const path = `${stagingTreeRoot}:${stagingWorkspaceName(place)}`
    return { name: `${SECOND} for ${name}`, kube: kcp.base.below(`/clusters/${path}`), path }
  }
  return { ...site, name: SECOND, exportName: SECOND, copiesOf }
}

/** Whether a provider has the copy of an object behind one of its exports. */
async function has(site: ProviderSite, name: string): Promise<boolean> {
  const { path, kube } = site.copiesOf(acme)
  const { items } = await kcp.base
    .below(`/clusters/${kcp.bootstrapped.config.stagingTreeRoot}`)
    .list<{ metadata: { name: string } }>({ group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' })
  const isThere = items.some(({ metadata }) => path?.endsWith(`:${metadata.name}`))
  return isThere && (await read({ kube }, thingRef(name))) !== undefined
}

async function exportOf(name: string): Promise<string | undefined> {
  const { items } = await kcp.platform.kube.list<Assignment>({ ...Assignment.resource })
  const assignment = items.find(({ spec }) => spec.name === name)
  return assignment && exportAt(assignment, assignment.spec.providerCluster)
}

test('an object goes to the export that the AcceptAPI names which accepted it', async () => {
  await create(acme, thing('one', { size: 'small' }))
  await create(acme, thing('two', { size: 'large', secret: true }))
  await served(acme, 'one', first)
  await served(acme, 'two', second)
  expect([await has(first, 'one'), await has(second, 'one')]).toEqual([true, false])
  expect([await has(first, 'two'), await has(second, 'two')]).toEqual([false, true])
  expect([await exportOf('one'), await exportOf('two')]).toEqual([first.exportName, SECOND])
  await release(acme, 'one')
  await release(acme, 'two')
})

test('so does one that moves there, and it goes back to where it came from', async () => {
  await create(acme, thing('mover', { size: 'huge' }))
  await served(acme, 'mover', beta)
  await patchSpec(acme, thingRef('mover'), { size: 'large' })
  await served(acme, 'mover', second)
  await gone(beta.copiesOf(acme), thingRef('mover'))
  expect([await has(first, 'mover'), await exportOf('mover')]).toEqual([false, SECOND])
  await patchSpec(acme, thingRef('mover'), { size: 'huge' })
  await served(acme, 'mover', beta)
  await gone(second.copiesOf(acme), thingRef('mover'))
  expect(await exportOf('mover')).toBe(beta.exportName)
  await release(acme, 'mover')
})

test('a copy stays where it was made when its AcceptAPI names another export, and the next object goes there', async () => {
  await create(acme, thing('early', { size: 'large' }))
  await served(acme, 'early', second)
  await second.kube.mergePatch({ ...AcceptAPI.resource, name: 'large' }, { spec: { apiExportName: first.exportName } })
  await offerCondition(second, 'large', 'True', 'Indexed')
  await create(acme, thing('late', { size: 'large' }))
  await served(acme, 'late', first)
  await roundTrip(acme, 'early', second)
  expect([await has(first, 'early'), await has(second, 'late')]).toEqual([false, false])
  await release(acme, 'early')
  await release(acme, 'late')
})
