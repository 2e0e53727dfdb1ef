import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CHARTS, NAMESPACE } from '../charts/charts.ts'
import { AdmissionWitness } from '../support/admission-witness.ts'
import { SERVICES } from '../support/broker.ts'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, type Observed } from '../support/fault-world.ts'
import { ROOT, type Site } from '../support/landscape.ts'
import { Observer } from '../support/observer.ts'
import { create, secretOf, served, thing } from '../support/things.ts'
import { type NodeWorld, startNodeWorld } from './world.ts'

const OURS = 'app.kubernetes.io/part-of=resource-broker'
const VALUES = ['deploy/charts/examples/clusters.yaml', 'test/node/values.yaml']
const RELEASE = [
  ...['broker', join(CHARTS, 'resource-broker'), '--namespace', NAMESPACE],
  ...VALUES.flatMap((file) => ['--values', join(ROOT, file)]),
]
/** With which a service ends that cannot start. */
const GAVE_UP = 1
const REFUSED = /is forbidden|NATS does not allow this/
/** Of helm, which gives up after 5 min: a busy machine may take longer. */
const WAIT = ['--wait', '--timeout', '30m']

let started: NodeWorld | string
let observed: Observed | undefined

beforeAll(async () => {
  started = await startNodeWorld()
})
afterAll(async () => {
  await observed?.observer.stop()
  if (typeof started === 'object') await started.stop()
})

beforeEach((context) => {
  if (typeof started === 'string') context.skip(started)
})

const world = () => started as NodeWorld
const helm = (...args: string[]) => world().home.helm(...args)
const kubectl = (...args: string[]) => world().home.kubectl(...args)

type Pod = {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string }
  status: { conditions?: { type: string; status: string }[]; containerStatuses?: ContainerStatus[] }
}
type ContainerStatus = { lastState: { terminated?: { exitCode: number } } }

/** The pods of the services, without those on their way out. */
async function pods(): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(OURS)}`
  const { items } = await world().home.plane.client.json('GET', path)
  return (items as Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

const isReady = ({ status }: Pod) => status.conditions?.some((it) => it.type === 'Ready' && it.status === 'True')

test('a pod that asks for more than restricted Pod Security allows is refused', async () => {
  const run = ['run', 'loose', '--namespace', NAMESPACE, '--image=nats:test']
  await expect(kubectl(...run)).rejects.toThrow(/violates PodSecurity "restricted/)
})

test('helm waits until two pods of each service are ready, and its test finds each service so', async () => {
  await helm('install', ...RELEASE, ...WAIT)
  const found = await pods()
  expect(found).toHaveLength(10)
  expect(found.filter(isReady)).toHaveLength(10)
  const exits = found.map(({ status }) => status.containerStatuses?.[0]?.lastState.terminated?.exitCode)
  expect(exits.filter((code) => code === GAVE_UP)).toEqual([])
  await helm('test', 'broker', '--namespace', NAMESPACE, '--timeout', '30m')
})

test('an object of a consumer is placed, and its status and its Secret come back', async () => {
  const { clusters, consumer } = world()
  const observer = await Observer.start(clusters, new AdmissionWitness(clusters))
  observed = { landscape: clusters, consumers: [consumer], observer }
  await create(consumer, thing('first', { size: 'small', value: 'from afar', secret: true }))
  await served(consumer, 'first', clusters.providers['alpha'] as Site)
  expect(await secretOf(consumer, 'first-secret')).toEqual({ from: 'alpha/from afar' })
  await settled()
})

/** What was done while the broker was disturbed is as it must be, and no service was refused what its rights have to allow. */
async function settled(): Promise<void> {
  await expectRecovered(observed as Observed)
  await clear(observed as Observed)
  expect(await refusedInLogs()).toEqual([])
}

/** The lines in which pods that are there tell of a right that they lack. */
async function refusedInLogs(): Promise<string[]> {
  const dir = join(world().machine.dir, 'pod-logs')
  const logs = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('.log'))
  const texts = await Promise.all(logs.map((file) => readFile(join(dir, file), 'utf8')))
  return texts.flatMap((text) => text.split('\n')).filter((line) => REFUSED.test(line))
}

test('one pod of each service deleted in the middle of a burst loses nothing', async () => {
  const old = (await pods()).map(({ metadata }) => metadata.name)
  await burst(observed as Observed, async () => {
    const firsts = SERVICES.map((service) => old.find((name) => name.startsWith(`broker-${service}-`)) as string)
    await kubectl('delete', 'pods', '--namespace', NAMESPACE, ...firsts)
  })
  await settled()
  await allReady()
})

/** Two pods of each service. */
async function allReady(): Promise<void> {
  const count = 2 * SERVICES.length
  await waitFor('all pods are ready', async () => {
    const found = await pods()
    return found.length === count && found.every(isReady)
  })
}
