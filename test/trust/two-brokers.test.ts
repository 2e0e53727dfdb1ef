import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { annotations, copyName } from '@resource-broker/api'
import type { ManagedProcess } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startService } from '../support/broker.ts'
import { type Landscape, ROOT, type Site, startWorkspaces } from '../support/landscape.ts'
import { operate, THING_KIND } from '../support/provider-controller.ts'
import { create, offer, patchSpec, read, release, served, thing, thingRef, told } from '../support/things.ts'

const THING_CRD = join(ROOT, 'test/support/thing-crd.yaml')

let landscape: Landscape
let dir: string
let stopOperator: () => void
let brokers: ManagedProcess[] = []
let [acme, globex, alpha] = [] as unknown as [Site, Site, Site]

const kubeconfig = (role: string, name: string) => join(dir, 'kubeconfigs', role, `${name}.kubeconfig`)

/** Flags of a broker with a platform and a consumer of its own; the provider is everybody's. */
const flagsOf = (platform: string, consumer: string, prefix: string) => [
  ...['--coordination-kubeconfig', platform],
  ...['--consumer-kubeconfig', kubeconfig('consumers', consumer)],
  ...['--provider-kubeconfig', kubeconfig('providers', 'alpha')],
  ...['--watch-kind', THING_KIND, '--nats', landscape.nats.url, '--stream-prefix', prefix],
]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'resource-broker-'))
  landscape = await startWorkspaces({
    ...{ dir, consumers: ['acme', 'globex', 'second-platform'], providers: ['alpha'], kinds: [THING_KIND] },
    ...{ consumerCrds: [THING_CRD], providerCrds: [THING_CRD] },
  })
  const { consumers, providers, platform } = landscape
  ;[acme, globex, alpha] = [consumers['acme'], consumers['globex'], providers['alpha']] as [Site, Site, Site]
  const second = consumers['second-platform'] as Site
  await second.client.applyDirectory(join(ROOT, 'crds'))
  stopOperator = await operate(alpha)
  await offer(alpha, 'all')
  brokers = await Promise.all([
    startService({ dir, flags: flagsOf(platform.kubeconfig, 'acme', 'one') }, 'broker', 'one'),
    startService({ dir, flags: flagsOf(second.kubeconfig, 'globex', 'two') }, 'broker', 'two'),
  ])
})

afterAll(async () => {
  stopOperator?.()
  await Promise.all(brokers.map((broker) => broker.stop()))
  await landscape?.stop()
  await rm(dir, { recursive: true, force: true })
})

const uidOf = async (site: Site, name: string) => (await read(site, thingRef(name)))?.metadata.uid

test('two brokers with platforms of their own share a provider, and each leaves the copies of the other alone', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `shared-${index}`)
  for (const name of names) {
    await create(acme, thing(name, { size: 'small' }))
    await create(globex, thing(name, { size: 'large' }))
  }
  for (const name of names) for (const consumer of [acme, globex]) await served(consumer, name, alpha)
  const copies = names.flatMap((name) => [copyName('acme', name), copyName('globex', name)])
  const before = await Promise.all(copies.map((name) => uidOf(alpha, name)))
  // Long enough for whoever takes another's copy for an orphan: the syncer looks again after two seconds.
  await create(acme, thing('later', { size: 'small', pending: true }))
  await patchSpec(acme, thingRef('later'), { pending: false })
  for (const name of names) await patchSpec(globex, thingRef(name), { value: 'again' })
  for (const name of names) await served(globex, name, alpha)
  for (const broker of brokers) await broker.stop()
  for (const broker of brokers) await broker.start()
  await served(acme, 'later', alpha)
  for (const name of names) await release(acme, name)
  expect(
    await Promise.all(
      copies.filter((name) => name.startsWith(copyName('globex', ''))).map((name) => uidOf(alpha, name)),
    ),
  ).toEqual(before.filter((_, index) => index % 2 === 1))
})

test('a copy of another broker under the very name that is wanted stays as it is, and the consumer reads whose it is', async () => {
  const name = copyName('acme', 'taken')
  const notes = {
    [annotations.brokerID]: 'somebody-else',
    [annotations.consumerCluster]: 'acme',
    [annotations.consumerNamespace]: 'default',
    [annotations.consumerName]: 'taken',
  }
  const theirs = thing(name, { size: 'theirs' }, { annotations: notes })
  await alpha.kube.apply(thingRef(name), theirs, { fieldManager: 'resource-broker', force: true })
  await create(acme, thing('taken', { size: 'mine' }))
  const { message } = await told(acme, 'taken', 'Synced', 'False', 'CopyConflict')
  expect(message).toBe(
    "alpha has an object of the copy's name that another broker (somebody-else) made; it is left as it is",
  )
  await release(acme, 'taken')
  expect((await read(alpha, thingRef(name)))?.spec).toEqual({ size: 'theirs' })
})
