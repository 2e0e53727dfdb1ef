import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManagedProcess } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect } from 'vitest'
import { AdmissionWitness } from './admission-witness.ts'
import { type ServiceName, servicesFor, startService } from './broker.ts'
import { type Clusters, findViolations, untilConsistent, untilEmpty } from './checker.ts'
import type { Witness } from './judgement.ts'
import { type KcpLandscape, startKcpLandscape } from './kcp-landscape.ts'
import { ENGINE, type Landscape, type PlaneSite, ROOT, type Site, startLandscape } from './landscape.ts'
import { Ledger } from './ledger.ts'
import { LedgerWitness } from './ledger-witness.ts'
import { Observer } from './observer.ts'
import { operate, THING_KIND } from './provider-controller.ts'
import { refusals } from './refusals.ts'
import { offer } from './things.ts'

/**
 * A landscape of consumers and two providers under the services of the broker, each a process of its own: one consumer on control
 * planes, or in a kcp of two shards one on each.
 */
export type World<L extends Landscape = Landscape> = {
  landscape: L
  /** All consumers; the first of them is `consumer`. */
  consumers: L['platform'][]
  consumer: L['platform']
  /** Takes Things of size `small`. */
  alpha: L['platform']
  /** Takes Things of size `large`. */
  beta: L['platform']
  observer: Observer
  /** Every replica of every service. */
  services: Map<ServiceName, ManagedProcess[]>
  service: (name: ServiceName) => ManagedProcess
}

/** Clusters under a broker that may run anywhere. */
export type Observed = { landscape: Clusters; consumers: Site[]; observer: Observer }

type WorldOptions<L extends Landscape> = {
  replicas?: number
  /** The checkout that the replica of this index is of; left out: this one. */
  rootOf?: (replica: number) => string
  /** Providers besides alpha and beta, without an offer. */
  furtherProviders?: string[]
  /** Called when the landscape stands and no service runs. */
  prepare?: (landscape: L) => Promise<void>
}

/** In a kcp: further consumers, and where everything is. */
type KcpWorldOptions = WorldOptions<KcpLandscape> & { furtherConsumers?: string[]; placement?: Record<string, string> }

/** How long a provider works on an object: longer than the broker takes for a switch, so that one that comes too early is caught. */
const WORKS_MS = 300

const CRDS = [join(ROOT, 'test/support/thing-crd.yaml')]
const CONSUMER = 'consumer'
const PROVIDERS = ['alpha', 'beta']

/** Crosswise: objects of both consumers go to providers on either shard. */
const PLACEMENT = { consumer: 'root', neighbour: 'shard-1', alpha: 'shard-1', beta: 'root', broker: 'root' }

/** One world for a test file, with hooks that start and stop it: on control planes, or in a kcp, as the engine says. */
export function useWorld(options: WorldOptions<Landscape> = {}): World {
  return ENGINE === 'kcp' ? useKcp(options) : usePlanes(options)
}

/** A world on real control planes. */
export function usePlanes(options: WorldOptions<Landscape<PlaneSite>> = {}): World<Landscape<PlaneSite>> {
  return use(async (dir) => {
    const providers = [...PROVIDERS, ...(options.furtherProviders ?? [])]
    const crds = { consumerCrds: CRDS, providerCrds: CRDS }
    const landscape = await startLandscape({ dir, consumers: [CONSUMER], providers, ...crds, kinds: [THING_KIND] })
    return await settle(landscape, new AdmissionWitness(landscape), options)
  })
}

/** A world in a kcp, with the ledger of all that is there. */
export function useKcp(options: KcpWorldOptions = {}): World<KcpLandscape> & { ledger: Ledger } {
  return use(async (dir) => {
    const ledger = new Ledger()
    const landscape = await startKcpLandscape({
      dir,
      consumers: [CONSUMER, 'neighbour', ...(options.furtherConsumers ?? [])],
      providers: [...PROVIDERS, ...(options.furtherProviders ?? [])],
      brokeredCrds: CRDS,
      shards: 2,
      placement: { ...PLACEMENT, ...options.placement },
      onChange: ledger.take,
    })
    return { ...(await settle(landscape, new LedgerWitness(ledger, landscape), options)), ledger }
  })
}

function use<W extends World>(start: (dir: string) => Promise<W>): W {
  const world = {} as W
  const dir = mkdtempSync(join(tmpdir(), 'faults-'))
  beforeAll(async () => void Object.assign(world, await start(dir)))
  afterAll(async () => {
    await stopServices(world)
    await world.observer?.stop()
    await world.landscape?.stop()
    const refused = await refusals(dir, world.landscape?.restarts?.())
    if (process.env['KEEP_LOGS'] === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
    expect(refused).toEqual([])
  })
  return world
}

/** Starts the operators of all providers, and makes the offers of alpha and beta: a burst has objects for both. */
export async function openProviders({ providers }: Clusters): Promise<void> {
  const { alpha, beta } = providers
  for (const provider of Object.values(providers)) await operate(provider, { worksMs: WORKS_MS })
  await offer(alpha as Site, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta as Site, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
}

/** Makes the offers and starts operators, observer and broker. */
async function settle<L extends Landscape>(
  landscape: L,
  witness: Witness,
  { replicas = 1, rootOf = () => ROOT, prepare }: WorldOptions<L>,
): Promise<World<L>> {
  const { alpha, beta } = landscape.providers as Record<string, L['platform']>
  await openProviders(landscape)
  await prepare?.(landscape)
  const observer = await Observer.start(landscape, witness)
  const roots = Array.from({ length: replicas }, (_, replica) => rootOf(replica))
  const started = await Promise.all(
    servicesFor(landscape.flags).map(async (name) => [name, await startReplicas(landscape, name, roots)] as const),
  )
  const services = new Map<ServiceName, ManagedProcess[]>(started)
  const service = (name: ServiceName) => services.get(name)?.[0] as ManagedProcess
  const consumers: L['platform'][] = Object.values(landscape.consumers)
  const [consumer] = consumers
  return { landscape, consumers, consumer, alpha, beta, observer, services, service } as World<L>
}

async function startReplicas(landscape: Landscape, name: ServiceName, roots: string[]): Promise<ManagedProcess[]> {
  const idOf = (replica: number) => (roots.length === 1 ? name : `${name}-${replica}`)
  return await Promise.all(roots.map((root, replica) => startService(landscape, name, idOf(replica), root)))
}

async function stopServices({ services }: World): Promise<void> {
  await Promise.all([...(services?.values() ?? [])].flat().map((replica) => replica.stop()))
}

/** Everything is where it belongs again, and at no moment was it otherwise. */
export async function expectRecovered({ landscape, observer }: Observed, timeoutMs?: number): Promise<void> {
  await untilConsistent(landscape, timeoutMs).catch((error: unknown) => {
    const seen = observer.violations.map((violation) => `\n  seen meanwhile: ${violation}`).join('')
    throw new Error(`${(error as Error).message}${seen}`, { cause: error })
  })
  expect(observer.violations.splice(0)).toEqual([])
  expect(await findViolations(landscape)).toEqual([])
}

/** Deletes every Thing of the consumers; nothing of the broker's may be left anywhere. */
export async function clear({ landscape, observer }: Observed): Promise<void> {
  for (const { client } of Object.values(landscape.consumers))
    await client.send('DELETE', '/apis/test.platform-mesh.io/v1/namespaces/default/things')
  await untilEmpty(landscape)
  expect(observer.violations.splice(0)).toEqual([])
}
