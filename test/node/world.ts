import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeNatsUsers } from '@resource-broker/cli'
import { stringifyJson } from '@resource-broker/json'
import { ensureBinaries, type Report, writeKubeconfig } from '@resource-broker/testbed'
import { parse } from 'yaml'
import { type ChartHome, NAMESPACE, readOurs, startChartHome } from '../charts/charts.ts'
import { importProgram } from '../containers/base-images.ts'
import { startWithImage } from '../containers/image.ts'
import type { Clusters } from '../support/checker.ts'
import { openProviders } from '../support/fault-world.ts'
import { resourceOf, TOGETHER, tokenOf } from '../support/identities.ts'
import { type PlaneSite, ROOT, startSite } from '../support/landscape.ts'
import { THING_KIND } from '../support/provider-controller.ts'
import { HERE, type Machine, startMachine } from './machine.ts'
import { joinNode } from './node.ts'

/** A platform that is a cluster of one node, with NATS in it and all that the chart needs, and the clusters that it is to broker between. */
export type NodeWorld = {
  home: ChartHome
  machine: Machine
  clusters: Clusters
  consumer: PlaneSite
  stop(): Promise<void>
}

type Stoppable = { stop(): Promise<void> }

const PAUSE_IMAGE = 'pause:test'
const report: Report = (line) => console.log(line)

/** Starts everything but the broker; where no node can be had, answers the reason in a few words. */
export async function startNodeWorld(): Promise<NodeWorld | string> {
  const dir = await mkdtemp(join(tmpdir(), 'node-'))
  const started: Stoppable[] = []
  const stop = async () => {
    for (const each of started.toReversed()) await each.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    const world = await furnish(dir, (each) => started.push(each))
    if (typeof world === 'string') await stop()
    return typeof world === 'string' ? world : { ...world, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts all that is to be stopped again, and passes it to `keep`. */
async function furnish(dir: string, keep: (each: Stoppable) => void): Promise<Omit<NodeWorld, 'stop'> | string> {
  const machine = await startMachine(join(dir, 'machine'), PAUSE_IMAGE)
  if (typeof machine === 'string') return machine
  keep(machine)
  const refused = await bringImages(machine)
  if (refused !== undefined) return refused
  const home = await startChartHome({ address: HERE, forNodes: true, report })
  keep(home)
  await joinNode(home.plane, machine, report)
  const sites = await Promise.all(
    ['acme', 'alpha', 'beta'].map(async (name) => {
      const site = await startSite({ name, dir, address: HERE, report })
      keep(site)
      await site.client.applyFile(join(ROOT, 'test/support/thing-crd.yaml'))
      return site
    }),
  )
  const [consumer, alpha, beta] = sites as [PlaneSite, PlaneSite, PlaneSite]
  const providers = { alpha, beta }
  const copyPlaces = async () => Object.values(providers)
  const clusters = { platform: home.plane, consumers: { acme: consumer }, providers, copyPlaces }
  for (const { client } of Object.values(providers))
    await client.applyFile(join(ROOT, 'crds/broker.platform-mesh.io_acceptapis.yaml'))
  await openProviders(clusters)
  await createSecret(home, 'broker-consumers', await writeKubeconfigs(join(dir, 'consumers'), 'consumer', [consumer]))
  await createSecret(
    home,
    'broker-providers',
    await writeKubeconfigs(join(dir, 'providers'), 'provider', [alpha, beta]),
  )
  await startNats(home, dir)
  return { home, machine, clusters, consumer }
}

/** Takes the image of the broker and those of what it needs beside it to the machine; answers the reason where they cannot be made. */
async function bringImages(machine: Machine): Promise<string | undefined> {
  const tools = await ensureBinaries(['coredns', 'nats-server'], report)
  const built = await startWithImage()
  if (typeof built === 'string') return built
  const { docker, dir, tag } = built
  const sleep = (await promisify(execFile)('which', ['sleep'])).stdout.trim()
  const images = [
    tag,
    await importProgram(docker, join(dir, 'coredns'), 'coredns:test', tools.coredns),
    await importProgram(docker, join(dir, 'nats'), 'nats:test', tools['nats-server']),
    await importProgram(docker, join(dir, 'pause'), PAUSE_IMAGE, sleep, ['infinity']),
  ]
  const archive = join(dir, 'images.tar')
  await docker.run('save', '--output', archive, ...images)
  await machine.importImages(archive)
  await built.stop()
  return undefined
}

/** A nats-server in a pod, with a user for each service. */
async function startNats(home: ChartHome, dir: string): Promise<void> {
  const users = await writeNatsUsers({ output: join(dir, 'nats-users') })
  const { accounts } = parse(await readFile(users.values, 'utf8')).config.merge
  const config = join(dir, 'nats.conf')
  await writeFile(config, `${await readOurs('deploy/nats.conf')}accounts: ${stringifyJson(accounts)}\n`)
  await createSecret(home, 'nats', config)
  await createSecret(home, 'broker-nats', join(dir, 'nats-users/seeds'))
  await home.kubectl('apply', '-f', join(import.meta.dirname, 'nats.yaml'))
  await home.kubectl('wait', '--for=condition=Ready', 'pod/nats', '--namespace', NAMESPACE, '--timeout=30m')
}

/** From a file, or from all files of a folder. */
async function createSecret({ kubectl }: ChartHome, name: string, path: string): Promise<void> {
  await kubectl('create', 'secret', 'generic', name, '--namespace', NAMESPACE, `--from-file=${path}`)
}

/** A file for each cluster, in which the services are one identity with the rights that they need there. */
async function writeKubeconfigs(dir: string, role: 'consumer' | 'provider', sites: PlaneSite[]): Promise<string> {
  await mkdir(dir, { recursive: true })
  for (const site of sites) {
    const { name, url } = site
    const ca = await readFile(site.caFile, 'utf8')
    const token = await tokenOf(site, role, TOGETHER, [resourceOf(THING_KIND)])
    const file = join(dir, `${name}.kubeconfig`)
    await writeKubeconfig({ file, name, user: TOGETHER, credentials: { url, ca, token } })
  }
  return dir
}
