import { mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { KubeClient } from '@resource-broker/kube'
import { startSandbox } from '@resource-broker/sandbox'
import {
  type ControlPlane,
  type ControlPlaneOptions,
  type Nats,
  type Period,
  startControlPlane,
} from '@resource-broker/testbed'
import { giveIdentities } from './identities.ts'
import { Injections } from './injections.ts'
import { startSharedNats } from './nats.ts'
import { createWorkspaceSite } from './workspace-site.ts'

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..')

/** What scenes and faults are played on: real control planes, workspaces that are taken for clusters, or a kcp. */
export const ENGINE = (process.env['BROKER_TEST_ENGINE'] ?? 'clusters') as 'clusters' | 'sandbox' | 'kcp'

/** Where objects are; in a kcp the path of the workspace tells it from all others. */
export type Place = { name: string; kube: KubeClient; path?: string }

/** A cluster or a workspace, with the administrator's kubeconfig and clients. */
export type Site = Pick<ControlPlane, 'name' | 'dir' | 'url' | 'kubeconfig' | 'client' | 'stop'> & {
  kube: KubeClient
  path?: string
  /** What the broker calls it. */
  cluster: string
  /** kcp: the APIExport that a provider serves the brokered kinds with. */
  exportName?: string
  /** kcp: where a provider's copies of one consumer are. Elsewhere they are at the provider itself. */
  copiesOf?: (consumer: Site) => Place
}

/** A cluster that is a real control plane of its own. */
export type PlaneSite = Site & ControlPlane

export type Landscape<S extends Site = Site> = {
  dir: string
  platform: S
  consumers: Record<string, S>
  providers: Record<string, S>
  /** All places where copies may be. */
  copyPlaces: () => Promise<Place[]>
  nats: Nats
  /** Flags that make the broker work on this landscape. */
  flags: string[]
  /** When one of its API servers was being started again; only control planes are. */
  restarts?: () => Period[]
  /** Answers that its servers are to give otherwise; undefined on real control planes. */
  injections?: Injections
  stop: () => Promise<void>
}

type Sites<S> = { platform: S; consumers: Record<string, S>; providers: Record<string, S> }

/** Below the directory of a landscape, where the broker finds its clusters. */
const KUBECONFIGS = 'kubeconfigs'

export type LandscapeOptions = {
  dir: string
  consumers: string[]
  providers: string[]
  report?: (line: string) => void
  /** CRD files of the brokered kinds at the consumers. */
  consumerCrds?: string[]
  /** CRD files of the brokered kinds at the providers, where no provider brings its own. */
  providerCrds?: string[]
  /** `Kind.version.group` of each brokered kind. */
  kinds: string[]
}

/**
 * Starts the control planes of a platform, its consumers and its providers, and a nats-server, with the broker's CRDs installed. Each service
 * of the broker has an identity of its own there with the rights that it needs, or may do everything.
 */
export async function startLandscape(
  options: LandscapeOptions & { mayDoEverything?: boolean },
): Promise<Landscape<PlaneSite>> {
  const { dir, report = () => undefined, kinds, mayDoEverything = false } = options
  const giveAccess = ({ platform, consumers, providers }: Sites<PlaneSite>) => {
    const sites = { platform: [platform], consumer: Object.values(consumers), provider: Object.values(providers) }
    return giveIdentities({ root: join(dir, KUBECONFIGS), sites, kinds })
  }
  const createSite = (name: string) => startSite({ name, dir, report })
  const landscape = await furnish(options, createSite, mayDoEverything ? undefined : giveAccess)
  const sites = [landscape.platform, ...Object.values(landscape.consumers), ...Object.values(landscape.providers)]
  return { ...landscape, restarts: () => sites.flatMap((site) => site.restarts) }
}

/** The same landscape in workspaces of one sandbox. */
export async function startWorkspaces(options: LandscapeOptions): Promise<Landscape> {
  const injections = new Injections()
  const sandbox = await startSandbox({ intercept: injections.intercept })
  const landscape = await furnish(options, async (name) => ({
    ...(await createWorkspaceSite(sandbox, name, options.dir)),
    cluster: name, // the broker calls a cluster by its file's name
  }))
  const stop = async () => {
    await landscape.stop()
    await sandbox.close()
  }
  return { ...landscape, injections, stop }
}

async function furnish<S extends Site>(
  options: LandscapeOptions,
  createSite: (name: string) => Promise<S>,
  giveAccess: (sites: Sites<S>) => Promise<string[]> = (sites) => linkKubeconfigs(options.dir, sites),
): Promise<Landscape<S>> {
  const { dir, report = () => undefined } = options
  await mkdir(dir, { recursive: true })
  const names = ['platform', ...options.consumers, ...options.providers]
  const [{ nats, flags }, sites] = await Promise.all([
    startSharedNats({ dir, report }),
    Promise.all(names.map(createSite)),
  ])
  const [platform, ...others] = sites as unknown as [S, ...S[]]
  const consumers = pick(others, options.consumers)
  const providers = pick(others, options.providers)
  await platform.client.applyDirectory(join(ROOT, 'crds'))
  for (const provider of Object.values(providers)) {
    await provider.client.applyFile(join(ROOT, 'crds/broker.platform-mesh.io_acceptapis.yaml'))
    for (const file of options.providerCrds ?? []) await provider.client.applyFile(file)
  }
  for (const consumer of Object.values(consumers))
    for (const file of options.consumerCrds ?? []) await consumer.client.applyFile(file)
  await rm(join(dir, KUBECONFIGS), { recursive: true, force: true })
  const access = await giveAccess({ platform, consumers, providers })
  return {
    dir,
    platform,
    consumers,
    providers,
    copyPlaces: async () => Object.values(providers),
    nats,
    flags: [...access, ...options.kinds.flatMap((kind) => ['--watch-kind', kind]), ...flags],
    stop: async () => {
      await Promise.allSettled([...sites.map((site) => site.stop()), nats.stop()])
    },
  }
}

/** Starts a control plane, which the broker calls by its name. */
export async function startSite(options: ControlPlaneOptions): Promise<PlaneSite> {
  const plane = await startControlPlane(options)
  return Object.assign(plane, { cluster: options.name, kube: await KubeClient.fromFile(plane.kubeconfig) })
}

function pick<S extends Site>(sites: S[], names: string[]): Record<string, S> {
  return Object.fromEntries(sites.filter(({ name }) => names.includes(name)).map((site) => [site.name, site]))
}

/** All services are the administrator. */
async function linkKubeconfigs(dir: string, { platform, consumers, providers }: Sites<Site>): Promise<string[]> {
  const folders = { consumers: join(dir, KUBECONFIGS, 'consumers'), providers: join(dir, KUBECONFIGS, 'providers') }
  for (const [role, sites] of Object.entries({ consumers, providers })) {
    const folder = folders[role as keyof typeof folders]
    await mkdir(folder, { recursive: true })
    for (const [name, site] of Object.entries(sites)) await symlink(site.kubeconfig, join(folder, `${name}.kubeconfig`))
  }
  return [
    ...['--coordination-kubeconfig', platform.kubeconfig],
    ...['--consumer-kubeconfig-dir', folders.consumers],
    ...['--provider-kubeconfig-dir', folders.providers],
  ]
}
