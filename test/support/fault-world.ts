import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ManagedProcess } from '@resource-broker/testbed'
import { afterAll, beforeAll, expect } from 'vitest'
import { SERVICES, type ServiceName, startService } from './broker.ts'
import { findViolations, untilConsistent, untilEmpty } from './checker.ts'
import { type Landscape, type PlaneSite, ROOT, startLandscape } from './landscape.ts'
import { Observer } from './observer.ts'
import { runThingController, THING_KIND } from './provider-controller.ts'
import { offer } from './things.ts'

/** A landscape of one consumer and two providers under the five services, each a process of its own. */
export type World = {
  landscape: Landscape<PlaneSite>
  consumer: PlaneSite
  /** Takes Things of size `small`. */
  alpha: PlaneSite
  /** Takes Things of size `large`. */
  beta: PlaneSite
  observer: Observer
  /** Every replica of every service. */
  services: Map<ServiceName, ManagedProcess[]>
  service: (name: ServiceName) => ManagedProcess
}

type WorldOptions = {
  replicas?: number
  /** Providers besides alpha and beta, without an offer. */
  furtherProviders?: string[]
  /** Called when the control planes stand and no service runs. */
  prepare?: (landscape: Landscape<PlaneSite>) => Promise<void>
}

/** How long a provider works on an object: long enough for a copy that is removed too early to be caught unready. */
const WORKS_MS = 40

/** One world for a test file, with hooks that start and stop it. */
export function useWorld(options: WorldOptions = {}): World {
  const world = {} as World
  const dir = mkdtempSync(join(tmpdir(), 'faults-'))
  beforeAll(async () => void Object.assign(world, await startWorld(dir, options)))
  afterAll(async () => {
    await stopServices(world)
    await world.observer?.stop()
    await world.landscape?.stop()
    if (process.env['KEEP_LOGS'] === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  })
  return world
}

async function startWorld(dir: string, { replicas = 1, furtherProviders = [], prepare }: WorldOptions): Promise<World> {
  const crds = [join(ROOT, 'test/support/thing-crd.yaml')]
  const providers = ['alpha', 'beta', ...furtherProviders]
  const landscape = await startLandscape({
    dir,
    consumers: ['consumer'],
    providers,
    consumerCrds: crds,
    providerCrds: crds,
    kinds: [THING_KIND],
  })
  const { consumer } = landscape.consumers as { consumer: PlaneSite }
  const { alpha, beta } = landscape.providers as { alpha: PlaneSite; beta: PlaneSite }
  for (const provider of Object.values(landscape.providers)) runThingController(provider, { worksMs: WORKS_MS })
  await offer(alpha, 'small', { filters: [{ key: 'size', valueIn: ['small'] }] })
  await offer(beta, 'large', { filters: [{ key: 'size', valueIn: ['large'] }] })
  await prepare?.(landscape)
  const observer = await Observer.start(landscape)
  const started = await Promise.all(
    SERVICES.map(async (name) => [name, await startReplicas(landscape, name, replicas)] as const),
  )
  const services = new Map<ServiceName, ManagedProcess[]>(started)
  const service = (name: ServiceName) => services.get(name)?.[0] as ManagedProcess
  return { landscape, consumer, alpha, beta, observer, services, service }
}

async function startReplicas(
  landscape: Landscape<PlaneSite>,
  name: ServiceName,
  replicas: number,
): Promise<ManagedProcess[]> {
  const ids = Array.from({ length: replicas }, (_, index) => (replicas === 1 ? name : `${name}-${index}`))
  return await Promise.all(ids.map((id) => startService(landscape, name, id)))
}

async function stopServices({ services }: World): Promise<void> {
  await Promise.all([...(services?.values() ?? [])].flat().map((replica) => replica.stop()))
}

/** Everything is where it belongs again, and at no moment was it otherwise. */
export async function expectRecovered({ landscape, observer }: World, timeoutMs?: number): Promise<void> {
  await untilConsistent(landscape, timeoutMs).catch((error: unknown) => {
    const seen = observer.violations.map((violation) => `\n  seen meanwhile: ${violation}`).join('')
    throw new Error(`${(error as Error).message}${seen}`, { cause: error })
  })
  expect(observer.violations.splice(0)).toEqual([])
  expect(await findViolations(landscape)).toEqual([])
}

/** Deletes every Thing of the consumer; nothing of the broker's may be left anywhere. */
export async function clear({ landscape, consumer, observer }: World): Promise<void> {
  await consumer.client.send('DELETE', '/apis/test.platform-mesh.io/v1/namespaces/default/things')
  await untilEmpty(landscape)
  expect(observer.violations.splice(0)).toEqual([])
}
