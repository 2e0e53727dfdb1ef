import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureBinaries, ManagedProcess, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CHARTS, NAMESPACE } from '../charts/charts.ts'
import { AdmissionWitness } from '../support/admission-witness.ts'
import { SERVICES } from '../support/broker.ts'
import { burst } from '../support/burst.ts'
import { clear, expectRecovered, type Observed } from '../support/fault-world.ts'
import { ROOT, type Site } from '../support/landscape.ts'
import { Observer } from '../support/observer.ts'
import { create, secretOf, served, thing } from '../support/things.ts'
import { NODE_NAME } from './node.ts'
import { type NodeWorld, startNodeWorld } from './world.ts'

const OURS = 'app.kubernetes.io/part-of=resource-broker'
const VALUES = ['deploy/charts/examples/clusters.yaml', 'test/node/values.yaml']
const RELEASE = [
  ...['broker', join(CHARTS, 'resource-broker'), '--namespace', NAMESPACE],
  ...VALUES.flatMap((file) => ['--values', join(ROOT, file)]),
]
/** Kinds of the broker, and objects of them. */
const RECORDED = /broker\.platform-mesh\.io(\/|$)/
/** By which the tests look at each write. */
const OBSERVER = /^validatingwebhookconfiguration\S*\/observer$/
/** Answers at once that nobody listens. */
const NO_REGISTRY = '127.0.0.1:1'
/** With which a service ends that cannot start. */
const GAVE_UP = 1
const REFUSED = /is forbidden|NATS does not allow this/
/** Of helm, which gives up after 5 min: a busy machine may take longer. */
const WAIT = ['--wait', '--timeout', '30m']

let started: NodeWorld | string
let observed: Observed | undefined
let before: string[]

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
type ContainerStatus = { state: { waiting?: { reason: string } }; lastState: { terminated?: { exitCode: number } } }

/** The pods of the services, without those on their way out. */
async function pods(): Promise<Pod[]> {
  const path = `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${encodeURIComponent(OURS)}`
  const { items } = await world().home.plane.client.json('GET', path)
  return (items as Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

const isReady = ({ status }: Pod) => status.conditions?.some((it) => it.type === 'Ready' && it.status === 'True')
const names = (found: Pod[]) => found.map(({ metadata }) => metadata.name).sort()

/** The names of all objects of the cluster but Events, which come and go. */
async function everything(): Promise<string[]> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n')
  const lasting = kinds.filter((kind) => !/^events/.test(kind)).join(',')
  return (await kubectl('get', lasting, '--all-namespaces', '-o', 'name', '--ignore-not-found')).trim().split('\n')
}

test('a pod that asks for more than restricted Pod Security allows is refused', async () => {
  const run = ['run', 'loose', '--namespace', NAMESPACE, '--image=nats:test']
  await expect(kubectl(...run)).rejects.toThrow(/violates PodSecurity "restricted/)
})

test('helm waits until two pods of each service are ready, and its test finds each service so', async () => {
  before = await everything()
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

/** Of 46 objects: the services and four API servers share a machine. */
const smallBurst = (fault?: () => Promise<void>) => burst(observed as Observed, fault, 1 / 4)

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

/** Replaces all pods while one burst follows the other. */
async function roll(what: () => Promise<unknown>): Promise<void> {
  const old = names(await pods())
  let over = false
  const rolled = what().finally(() => {
    over = true
  })
  const bursts = async () => {
    while (!over) await smallBurst()
  }
  await Promise.all([rolled, bursts()])
  await settled()
  const found = await pods()
  expect(found.every(isReady)).toBe(true)
  expect(names(found).filter((name) => old.includes(name))).toEqual([])
}

test('an upgrade with another value loses nothing of what happens meanwhile', async () => {
  await roll(() => helm('upgrade', ...RELEASE, '--set', 'global.config.logLevel=debug', ...WAIT))
  expect(await kubectl('get', 'deployments', '--namespace', NAMESPACE, '-o', 'yaml')).toContain('value: debug')
})

test('a rollback loses nothing of what happens meanwhile', async () => {
  await roll(() => helm('rollback', 'broker', '1', '--namespace', NAMESPACE, ...WAIT))
  expect(await kubectl('get', 'deployments', '--namespace', NAMESPACE, '-o', 'yaml')).not.toContain('value: debug')
})

test('an upgrade to an image that cannot be had takes no pod away, and is rolled back', async () => {
  const old = names(await pods())
  await helm('upgrade', ...RELEASE, '--set', `global.image.repository=${NO_REGISTRY}/resource-broker`)
  await waitFor('an image is missing for each service', async () => {
    const waiting = (await pods()).map(({ status }) => status.containerStatuses?.[0]?.state.waiting?.reason ?? '')
    return waiting.filter((reason) => /ImagePull/.test(reason)).length === SERVICES.length
  })
  await smallBurst()
  await settled()
  expect(names((await pods()).filter(isReady))).toEqual(old)
  await helm('rollback', 'broker', '--namespace', NAMESPACE, ...WAIT)
  await waitFor('only the old pods are left', async () => (await pods()).length === old.length)
  expect(names(await pods())).toEqual(old)
})

test('one pod of each service deleted in the middle of a burst loses nothing', async () => {
  const old = names(await pods())
  await smallBurst(async () => {
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

test('a drain takes one pod of each service and is stopped by their budgets, and the other one goes on', async () => {
  const { home, machine } = world()
  const { kubectl: command } = await ensureBinaries(['kubectl'], console.log)
  const logFile = join(machine.dir, 'drain.log')
  const refusals = () => readFileSync(logFile, 'utf8').match(/violate the pod's disruption budget/g) ?? []
  const args = ['--kubeconfig', home.plane.kubeconfig, 'drain', NODE_NAME, '--pod-selector', OURS]
  const ready = () => refusals().length >= SERVICES.length
  const drain = new ManagedProcess({ name: 'kubectl drain', command, args, logFile, ready })
  await smallBurst(() => drain.start())
  await settled()
  const left = (await pods()).filter(isReady).map(({ metadata }) => metadata.labels['app.kubernetes.io/name'])
  expect(left.sort()).toEqual([...SERVICES].sort())
  await drain.kill()
  await kubectl('uncordon', NODE_NAME)
  await allReady()
})

test('an uninstallation leaves the kinds of the broker and its records, and nothing else', async () => {
  await helm('uninstall', 'broker', '--namespace', NAMESPACE, ...WAIT)
  const left = async () => (await everything()).filter((name) => !before.includes(name) && !OBSERVER.test(name))
  const gone = async () => (await left()).every((name) => RECORDED.test(name))
  await waitFor('nothing else is left', gone, { intervalMs: 1_000 })
  expect(await left()).toContain(
    'customresourcedefinition.apiextensions.k8s.io/assignments.coord.broker.platform-mesh.io',
  )
})
