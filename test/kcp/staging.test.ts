import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StagingWorkspace } from '@resource-broker/api'
import { readKubeconfig } from '@resource-broker/kube'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../support/kcp-landscape.ts'
import { ROOT } from '../support/landscape.ts'
import { runThingController } from '../support/provider-controller.ts'
import { copyAt, create, offer, offerCondition, read, release, served, thing } from '../support/things.ts'
import type { WorkspaceSite } from '../support/workspace-site.ts'

/** Seconds that a staging workspace stays without copies here. */
const KEEP = 1

let dir: string
let kcp: KcpLandscape
let broker: ManagedProcess
let stops: (() => void)[]
let acme: WorkspaceSite
let alpha: ProviderSite
let beta: ProviderSite

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kcp-staging-'))
  const brokeredCrds = [join(ROOT, 'test/support/thing-crd.yaml')]
  kcp = await startKcpLandscape({ dir, consumers: ['acme'], providers: ['alpha', 'beta'], brokeredCrds })
  acme = kcp.consumers['acme'] as WorkspaceSite
  alpha = kcp.providers['alpha'] as ProviderSite
  beta = kcp.providers['beta'] as ProviderSite
  broker = await startService({ ...kcp, flags: [...kcp.flags, '--keep-staging', String(KEEP)] }, 'broker')
  stops = await Promise.all(
    [alpha, beta].map(async ({ name, kubeconfig, exportName }) =>
      runThingController({ name, home: await readKubeconfig(kubeconfig), slice: exportName }),
    ),
  )
  for (const [site, size] of [
    [alpha, 'small'],
    [beta, 'large'],
  ] as const) {
    await offer(site, 'things', { filters: [{ key: 'size', valueIn: [size] }] })
    await offerCondition(site, 'things', 'True', 'Indexed')
  }
})

afterAll(async () => {
  for (const stop of stops) stop()
  await broker.stop()
  await kcp.stop()
  await rm(dir, { recursive: true, force: true })
})

async function records(): Promise<StagingWorkspace[]> {
  return (await kcp.platform.kube.list<StagingWorkspace>({ ...StagingWorkspace.resource })).items
}

const noRecords = () => waitFor('no staging workspaces are left', async () => (await records()).length === 0)

test('hundred first objects of a consumer share one workspace, and those at another provider have another', async () => {
  const names = Array.from({ length: 100 }, (_, i) => `one-${i}`)
  await Promise.all(names.map((name) => create(acme, thing(name, { size: 'small' }))))
  await create(acme, thing('other', { size: 'large' }))
  await Promise.all(names.map((name) => served(acme, name, alpha)))
  await served(acme, 'other', beta)
  const made = await waitFor('both are Ready', async () => {
    const all = await records()
    return all.length === 2 && all.every(({ status }) => status?.phase === 'Ready') && all
  })
  const places = made.map(({ spec }) => [spec.consumerCluster, spec.providerPath, spec.apiExportName]).sort()
  const wanted = [alpha, beta].map(({ path, exportName }) => [acme.cluster, path, exportName]).sort()
  expect(places).toEqual(wanted)
  await Promise.all([...names, 'other'].map((name) => release(acme, name)))
  await noRecords()
})

test('a workspace that nobody needed is made again for the next object', async () => {
  for (const name of ['first', 'second']) {
    await create(acme, thing(name, { size: 'small', secret: true }))
    await served(acme, name, alpha)
    const [at, copy] = copyAt(alpha, acme, name)
    expect((await read(at, copy))?.metadata.uid).toBeDefined()
    await release(acme, name)
    await noRecords()
  }
})

test('an object that comes while its workspace is being removed is served all the same', async () => {
  for (let i = 0; i < 5; i++) {
    await create(acme, thing(`early-${i}`, { size: 'small' }))
    await served(acme, `early-${i}`, alpha)
    await release(acme, `early-${i}`)
    await waitFor(
      'the removal has begun',
      async () => !(await records()).some(({ status }) => status?.phase === 'Ready'),
    )
    await create(acme, thing(`late-${i}`, { size: 'small' }))
    await served(acme, `late-${i}`, alpha)
    await release(acme, `late-${i}`)
  }
  await noRecords()
})
