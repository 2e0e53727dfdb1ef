import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Assignment, annotations } from '@resource-broker/api'
import { watchResource } from '@resource-broker/kube'
import { type ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { SERVICES, type ServiceName, startService } from '../support/broker.ts'
import { Gate, type Held } from '../support/gate.ts'
import { ENGINE, type Landscape, ROOT, type Site, startWorkspaces } from '../support/landscape.ts'
import { deleteStreams } from '../support/outages.ts'
import { operate, THING, THING_KIND } from '../support/provider-controller.ts'
import {
  assignmentOf,
  copyRef,
  create,
  gone,
  offer,
  offerCondition,
  patchSpec,
  read,
  roundTrip,
  served,
  thing,
  thingRef,
} from '../support/things.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')
const SYNCER = 'provider-syncer'

let dir: string
let landscape: Landscape
let [consumer, alpha, beta] = [] as unknown as [Site, Site, Site]
/** Before the API servers of the providers, for the first replica of the syncer. */
const gates: Record<string, Gate> = {}
/** Of every copy that was deleted, the uid. */
const deleted = new Set<string>()
const services = new Map<ServiceName, ManagedProcess>()
const stopping = new AbortController()
const stops: (() => void)[] = []
/** Two replicas of the syncer: the first does all the work until it is frozen, then the second. */
let [first, second] = [] as unknown as [ManagedProcess, ManagedProcess | undefined]

beforeAll(async () => {
  if (ENGINE === 'kcp') return
  dir = await mkdtemp(join(tmpdir(), 'frozen-'))
  const sites = {
    consumers: ['acme'],
    providers: ['alpha', 'beta'],
    consumerCrds: [THING_CRD],
    providerCrds: [THING_CRD],
  }
  landscape = await startWorkspaces({ dir, ...sites, kinds: [THING_KIND] })
  consumer = landscape.consumers['acme'] as Site
  ;[alpha, beta] = [landscape.providers['alpha'], landscape.providers['beta']] as [Site, Site]
  const behindGates = join(dir, 'behind-gates')
  await mkdir(behindGates)
  for (const provider of [alpha, beta]) {
    gates[provider.name] = await Gate.before(provider, behindGates)
    stops.push(await operate(provider))
    const handler = { upsert: () => undefined, delete: ({ uid }: { uid: string }) => void deleted.add(uid) }
    watchResource(provider.kube, THING, handler, { signal: stopping.signal })
  }
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  const others = SERVICES.filter((name) => name !== SYNCER)
  for (const name of others) services.set(name, await startService(landscape, name))
  const directory = landscape.flags.indexOf('--provider-kubeconfig-dir') + 1
  const flags = landscape.flags.map((flag, index) => (index === directory ? behindGates : flag))
  first = await startService({ dir, flags }, SYNCER, 'first-syncer')
  await offerCondition(alpha, 'small', 'True', 'Indexed')
  await offerCondition(beta, 'large', 'True', 'Indexed')
})

afterAll(async () => {
  stopping.abort()
  for (const stop of stops) stop()
  await Promise.all([...services.values(), first, second].map((each) => each?.stop()))
  for (const gate of Object.values(gates)) await gate.stop()
  await landscape?.stop()
  if (dir !== undefined) await rm(dir, { recursive: true, force: true })
})

beforeEach((context) => {
  if (ENGINE === 'kcp') context.skip('plays in workspaces that are taken for clusters, whatever the engine')
})

/** The deletion of a copy on its way from the first replica to the provider. */
const holdDeletion = (provider: Site, name: string): Held =>
  (gates[provider.name] as Gate).hold('DELETE', `/${copyRef(consumer, name).name}`)

const uidAt = async (provider: Site, name: string): Promise<string> => {
  const copy = await read(provider, copyRef(consumer, name))
  expect(copy).toMatchObject({ status: { status: 'Available' } })
  return copy?.metadata.uid ?? ''
}

/** The first replica is frozen with its request on the way; after what happens `meanwhile` another begins to work in its place. */
async function freezeAt(held: Held, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  await held.arrived
  first.pause()
  await meanwhile()
  second = await startService(landscape, SYNCER, 'second-syncer')
}

/** What was on the way arrives, the first replica wakes up and has all the work again: the copy that serves is the same all the while. */
async function expectHarmless(held: Held, provider: Site, name: string): Promise<void> {
  const uid = await uidAt(provider, name)
  await held.letGo()
  first.resume()
  await roundTrip(consumer, name, provider)
  await second?.stop()
  await roundTrip(consumer, name, provider)
  expect(await uidAt(provider, name)).toBe(uid)
  expect([...deleted]).not.toContain(uid)
}

test('a replica that froze while it took a copy away does not take it away when the object has moved there meanwhile', async () => {
  await create(consumer, thing('returns', { size: 'small', value: 1 }))
  await served(consumer, 'returns', alpha)
  await patchSpec(consumer, thingRef('returns'), { size: 'large', pending: true })
  await waitFor('the incoming copy', async () => (await read(beta, copyRef(consumer, 'returns')))?.status !== undefined)
  const held = holdDeletion(beta, 'returns')
  await patchSpec(consumer, thingRef('returns'), { size: 'small', pending: null })
  await freezeAt(held, () => patchSpec(consumer, thingRef('returns'), { size: 'large', value: 2 }))
  await served(consumer, 'returns', beta)
  await gone(alpha, copyRef(consumer, 'returns'))
  await expectHarmless(held, beta, 'returns')
})

test('a replica that froze while it took an orphan away does not take it away when a restored object has adopted it meanwhile', async () => {
  const spec = { size: 'small', value: 1 }
  await create(consumer, thing('orphan', spec))
  await served(consumer, 'orphan', alpha)
  const scheduler = services.get('placement-scheduler') as ManagedProcess
  await scheduler.stop()
  const held = holdDeletion(alpha, 'orphan')
  const assignment = await assignmentOf(landscape, consumer, 'orphan')
  await landscape.platform.kube.delete({ ...Assignment.resource, name: assignment?.metadata.name ?? '' })
  await consumer.kube.mergePatch(thingRef('orphan'), { metadata: { finalizers: null } })
  await consumer.kube.delete(thingRef('orphan'))
  await freezeAt(held, async () => {
    await create(consumer, thing('orphan', spec, { annotations: { [annotations.adopt]: 'true' } }))
    await scheduler.start()
    await waitFor('the Assignment is back', () => assignmentOf(landscape, consumer, 'orphan'))
  })
  await patchSpec(consumer, thingRef('orphan'), { value: 2 })
  await served(consumer, 'orphan', alpha)
  await expectHarmless(held, alpha, 'orphan')
})

test('a replica that froze while it cleared away after an object touches nothing of the next one of that name, streams wiped or not', async () => {
  await create(consumer, thing('again', { size: 'small', value: 1 }))
  await served(consumer, 'again', alpha)
  const held = holdDeletion(alpha, 'again')
  await consumer.kube.delete(thingRef('again'))
  await freezeAt(held)
  await gone(consumer, thingRef('again'))
  await create(consumer, thing('again', { size: 'small', value: 2 }))
  await served(consumer, 'again', alpha)
  await deleteStreams({ landscape })
  await expectHarmless(held, alpha, 'again')
})
