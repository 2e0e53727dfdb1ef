import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type ManagedProcess, StartError, waitFor } from '@resource-broker/testbed'
import type { World } from '../support/fault-world.ts'
import type { KcpLandscape } from '../support/kcp-landscape.ts'
import type { PlaneSite } from '../support/landscape.ts'
import { deleteStreams, outage } from '../support/outages.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import type { Deed } from './deed.ts'

/** Something that goes wrong, and is mended when its deed is done. */
export type Fault = { weight: number; plan: (random: SeededRandom) => Deed }

/** Longer than replicas wait for a word of each other. */
const FREEZE_MS = 9_000
const AWAY_MS = 8_000
/** Longer than whatever a service needs to start is away. */
const SUPERVISED_MS = 600_000

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** What strikes the replicas of this index, of whichever service. */
export function replicaFaults({ services }: World, index: number): Fault[] {
  const replicas = [...services.values()].map((of) => of[index] as ManagedProcess)
  return [
    { weight: 3, plan: (random) => kill(random.pick(replicas), random.between(0, 3_000)) },
    { weight: 4, plan: (random) => freeze(random.pick(replicas), random.between(500, FREEZE_MS)) },
  ]
}

function kill(replica: ManagedProcess, ms: number): Deed {
  const act = async () => {
    await replica.kill('SIGKILL')
    await outage(ms)
    await supervise(replica.spec.name, () => replica.start())
    return 'it is ready again'
  }
  return { does: `${replica.spec.name} is killed, and started after ${seconds(ms)}`, act }
}

/**
 * As whoever runs services does: one that ends while it starts, or is not ready in time, is started again, as long as what it needs may be
 * away, or the machine is busy.
 */
async function supervise(name: string, start: () => Promise<void>): Promise<void> {
  const attempt = () =>
    start().then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof StartError)) throw error
        return false
      },
    )
  await waitFor(`${name} stays`, attempt, { timeoutMs: SUPERVISED_MS, intervalMs: 1_000 })
}

function freeze(process: ManagedProcess, ms: number): Deed {
  const act = async () => {
    process.pause()
    await outage(ms)
    process.resume()
    return 'it goes on'
  }
  return { does: `${process.spec.name} is frozen for ${seconds(ms)}`, act }
}

/** What happens to the bus. */
export function busFaults(world: World): Fault[] {
  return [
    { weight: 2, plan: (random) => stopNats(world.landscape.nats.process, random.between(500, AWAY_MS)) },
    { weight: 2, plan: () => wipe(world) },
  ]
}

function stopNats(nats: ManagedProcess, ms: number): Deed {
  const act = async () => {
    await nats.stop()
    await outage(ms)
    await nats.start()
    return 'it is back'
  }
  return { does: `NATS is away for ${seconds(ms)}`, act }
}

function wipe(world: World): Deed {
  return { does: 'all streams and buckets are deleted', act: async () => (await deleteStreams(world)).join(', ') }
}

/** What happens to clusters that are control planes. */
export function planeFaults({ landscape }: World): Fault[] {
  const { platform, consumers, providers, dir } = landscape
  const servers = [platform, ...Object.values(consumers), ...Object.values(providers)] as PlaneSite[]
  const names = Object.keys(providers)
  return [
    { weight: 2, plan: (random) => restart(random.pick(servers), random.chance(0.5)) },
    { weight: 1, plan: (random) => freeze(random.pick(servers).apiServer, random.between(500, FREEZE_MS)) },
    { weight: 2, plan: (random) => hideKubeconfig(dir, random.pick(names), random.between(500, AWAY_MS)) },
  ]
}

function restart(site: PlaneSite, crash: boolean): Deed {
  const act = async () => {
    await supervise(`the API server of ${site.name}`, () => site.restartApiServer({ crash }))
    return 'it serves again'
  }
  return { does: `the API server of ${site.name} ${crash ? 'crashes' : 'stops'} and is started again`, act }
}

function hideKubeconfig(dir: string, name: string, ms: number): Deed {
  const file = join(dir, 'kubeconfigs/providers', `${name}.kubeconfig`)
  const hidden = join(dir, 'kubeconfigs', `${name}.hidden`)
  const act = async () => {
    await rename(file, hidden)
    await outage(ms)
    await rename(hidden, file)
    return 'it is back'
  }
  return { does: `the kubeconfig of ${name} is away for ${seconds(ms)}`, act }
}

/** What happens to a kcp of several shards. */
export function shardFaults({ sandbox }: KcpLandscape): Fault[] {
  return [{ weight: 3, plan: (random) => stopShard(random.pick(sandbox.shards), random.between(500, AWAY_MS)) }]
}

function stopShard(shard: KcpLandscape['sandbox']['shards'][number], ms: number): Deed {
  const act = async () => {
    await shard.stop()
    await outage(ms)
    await shard.start()
    return 'it serves again'
  }
  return { does: `shard ${shard.name} is away for ${seconds(ms)}`, act }
}
