import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Assignment } from '@resource-broker/api'
import { readCrds, schemaOf } from '@resource-broker/cli'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type KcpLandscape, type ProviderSite, startKcpLandscape } from '../support/kcp-landscape.ts'
import { type Place, ROOT } from '../support/landscape.ts'
import { operate, THING } from '../support/provider-controller.ts'
import { copyAt, create, offer, offerCondition, read, release, roundTrip, served, thing } from '../support/things.ts'
import type { WorkspaceSite } from '../support/workspace-site.ts'

const APIEXPORTS = { group: 'apis.kcp.io', version: 'v1alpha2', resource: 'apiexports' }
const SCHEMAS = { group: 'apis.kcp.io', version: 'v1alpha1', resource: 'apiresourceschemas' }
const TWO_VERSIONS = join(ROOT, 'test/e2e/fixtures/thing-two-versions-crd.yaml')

let dir: string
let kcp: KcpLandscape
let broker: ManagedProcess
let stop: () => void
let acme: WorkspaceSite
let alpha: ProviderSite

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kcp-versions-'))
  const brokeredCrds = [join(ROOT, 'test/support/thing-crd.yaml')]
  kcp = await startKcpLandscape({ dir, consumers: ['acme'], providers: ['alpha'], brokeredCrds })
  acme = kcp.consumers['acme'] as WorkspaceSite
  alpha = kcp.providers['alpha'] as ProviderSite
  broker = await startService(kcp, 'broker')
  stop = await operate(alpha)
})

afterAll(async () => {
  stop?.()
  await broker?.stop()
  await kcp?.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Lets an APIExport of Things have them in v2 too, in which they are stored from then on. */
async function exportSecondVersion({ kube }: Pick<Place, 'kube'>, name: string): Promise<void> {
  const [crd] = readCrds(TWO_VERSIONS)
  if (crd === undefined) throw new TypeError('the file has a CRD')
  const schema = schemaOf(crd)
  await kube.create(SCHEMAS, schema)
  const { group, resource } = THING
  const resources = [{ group, name: resource, schema: schema.metadata.name, storage: { crd: {} } }]
  await kube.mergePatch({ ...APIEXPORTS, name }, { spec: { resources } })
}

const placements = async () => (await kcp.platform.kube.list<Assignment>({ ...Assignment.resource })).items

test('an object goes on where it is when its API comes in another version, and leaves nothing behind', async () => {
  await offer(alpha, 'things')
  await create(acme, thing('early', { value: 1, secret: true }))
  await served(acme, 'early', alpha)
  const copy = await read(...copyAt(alpha, acme, 'early'))
  const [before] = await placements()
  expect(before?.spec.gvr).toEqual(THING)

  const platform = kcp.base.below(`/clusters/${kcp.bootstrapped.config.platformWorkspace}`)
  await exportSecondVersion(alpha, alpha.exportName)
  await exportSecondVersion({ kube: platform }, 'things.test.platform-mesh.io')
  await offer(alpha, 'things', { gvr: { ...THING, version: 'v2' } })
  await offerCondition(alpha, 'things', 'True', 'Indexed')
  await waitFor('the Assignment is of the other version', async () =>
    (await placements()).every(({ spec }) => spec.gvr.version === 'v2'),
  )
  await roundTrip(acme, 'early', alpha)
  expect((await placements()).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid])
  expect((await read(...copyAt(alpha, acme, 'early')))?.metadata.uid).toBe(copy?.metadata.uid)

  await create(acme, thing('late', { value: 1 }))
  await served(acme, 'late', alpha)
  await release(acme, 'early')
  await release(acme, 'late')
  expect(await placements()).toEqual([])
})
