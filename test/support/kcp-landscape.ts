import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { kcpLayout, stagingWorkspaceName } from '@resource-broker/api'
import { type Bootstrapped, bootstrap, consumerManifests, providerManifests, readCrds } from '@resource-broker/cli'
import { KubeClient, readKubeconfig } from '@resource-broker/kube'
import { type Sandbox, type SandboxChange, startSandbox } from '@resource-broker/sandbox'
import { type KubeObject, waitFor } from '@resource-broker/testbed'
import { Injections } from './injections.ts'
import type { Landscape, Place, Site } from './landscape.ts'
import { startSharedNats } from './nats.ts'
import { createWorkspace, createWorkspaceSite, type WorkspaceSite, workspaceSite } from './workspace-site.ts'

/** A provider's workspace, and the APIExport in it that AcceptAPIs name. */
export type ProviderSite = WorkspaceSite & { exportName: string; copiesOf: (consumer: Site) => Place }

/** A kcp with everything that the broker needs; `platform` is the coordination workspace, where its records are. */
export type KcpLandscape = Landscape<WorkspaceSite> & {
  providers: Record<string, ProviderSite>
  sandbox: Sandbox
  /** The whole kcp, as its administrator. */
  base: KubeClient
  /** admin.kubeconfig of the sandbox. */
  adminKubeconfig: string
  bootstrapped: Bootstrapped
}

export type KcpLandscapeOptions = {
  dir: string
  consumers: string[]
  providers: string[]
  /** CRD files of the kinds that the platform exports and every consumer binds. */
  brokeredCrds: string[]
  /** CRD files of the kinds that each provider exports; the same if left out. */
  providerCrds?: string[]
  /** Shards of the sandbox, 1 if left out: `root`, `shard-1`, ... as the sandbox names them. */
  shards?: number
  /** The shard of a consumer or provider by its name, and under `broker` that of the broker's own workspaces. */
  placement?: Record<string, string>
  /** What the broker is; a ServiceAccount if left out, as a user it has a client certificate. */
  identity?: 'service-account' | 'user'
  onChange?: (change: SandboxChange) => void
  report?: (line: string) => void
}

/** `base` is the administrator's client of the whole kcp. */
type Stage = { options: KcpLandscapeOptions; sandbox: Sandbox; bootstrapped: Bootstrapped; base: KubeClient }

const PARENTS = { consumers: 'consumers', providers: 'providers' } as const

/**
 * Starts a sandbox and a nats-server, and prepares the kcp as its people would: the platform by `bootstrap`, then a workspace for each
 * consumer and provider, with the bindings and exports that the documentation tells them to make.
 */
export async function startKcpLandscape(options: KcpLandscapeOptions): Promise<KcpLandscape> {
  const { dir, report = () => undefined } = options
  await mkdir(dir, { recursive: true })
  const { shards = 1, onChange } = options
  const injections = new Injections()
  const starting = startSandbox({ shards, intercept: injections.intercept, ...(onChange && { onChange }) })
  const [{ nats, flags: natsFlags }, sandbox] = await Promise.all([startSharedNats({ dir, report }), starting])
  const stopServers = () => Promise.allSettled([nats.stop(), sandbox.close()])
  try {
    const { flags, ...furnished } = await furnish(options, sandbox)
    const { platform, consumers, providers } = furnished
    const sites = [platform, ...Object.values(consumers), ...Object.values(providers)]
    const stop = async () => {
      furnished.base.close()
      await Promise.allSettled(sites.map((site) => site.stop()))
      await stopServers()
    }
    return { ...furnished, dir, sandbox, nats, injections, flags: [...flags, ...natsFlags], stop }
  } catch (error) {
    await stopServers()
    throw error
  }
}

async function furnish(options: KcpLandscapeOptions, sandbox: Sandbox) {
  const { dir, report = () => undefined, brokeredCrds: crd, placement = {}, identity = 'service-account' } = options
  const adminKubeconfig = await sandbox.writeKubeconfig(dir)
  const output = join(dir, 'broker.kubeconfig')
  const bootstrapped = await bootstrap({
    kcpKubeconfig: adminKubeconfig,
    ...{ crd, output, shard: placement['broker'], report, identity },
    ...(identity === 'user'
      ? { clientCaCert: join(dir, 'client-ca.crt'), clientCaKey: join(dir, 'client-ca.key') }
      : {}),
  })
  for (const parent of Object.values(PARENTS)) await createWorkspace(sandbox, parent, {})
  const base = new KubeClient({ ...(await readKubeconfig(adminKubeconfig)), server: sandbox.url })
  const stage = { options, sandbox, bootstrapped, base }
  const [platform, consumers, providers] = await Promise.all([
    workspaceSite(sandbox, 'coordination', bootstrapped.config.coordinationWorkspace, dir),
    Promise.all(options.consumers.map((name) => createConsumer(stage, name))),
    Promise.all(options.providers.map((name) => createProvider(stage, name))),
  ])
  return {
    ...{ adminKubeconfig, bootstrapped, base, platform, flags: brokerFlags(bootstrapped) },
    consumers: byName(consumers),
    providers: byName(providers),
    copyPlaces: () => copyPlaces(stage, consumers, providers),
  }
}

/** Every workspace below the staging tree root, also those that no consumer and provider explain. */
async function copyPlaces(
  { base, bootstrapped }: Stage,
  consumers: Site[],
  providers: ProviderSite[],
): Promise<Place[]> {
  const { stagingTreeRoot: root } = bootstrapped.config
  const pairs = providers.flatMap((provider) => consumers.map((consumer) => provider.copiesOf(consumer)))
  const { items } = await base.below(`/clusters/${root}`).list<{ metadata: { name: string } }>(WORKSPACES)
  return items.map(({ metadata: { name } }) => {
    const path = `${root}:${name}`
    return pairs.find((place) => place.path === path) ?? { name, path, kube: base.below(`/clusters/${path}`) }
  })
}

export const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }

/** Flags that make the broker work on a kcp that was prepared. */
function brokerFlags({ config }: Bootstrapped): string[] {
  return [
    ...['--kcp-kubeconfig', config.output],
    ...['--acceptapi', kcpLayout.acceptAPISlice],
    ...['--coordination-workspace', config.coordinationWorkspace],
    ...['--staging-tree-root', config.stagingTreeRoot],
    ...['--verification-tree-root', config.verificationTreeRoot],
  ]
}

/** A workspace that binds every brokered kind. */
async function createConsumer(stage: Stage, name: string): Promise<WorkspaceSite> {
  const site = await createSite(stage, name, PARENTS.consumers)
  await bindBrokered(stage, site)
  return site
}

/** Binds every brokered kind in a consumer's workspace; resolves when they are served. */
export async function bindBrokered({ bootstrapped }: Pick<Stage, 'bootstrapped'>, site: WorkspaceSite): Promise<void> {
  const { config, brokered } = bootstrapped
  await applyAll(site, consumerManifests(config.platformWorkspace, brokered))
}

/** A workspace that offers: it binds AcceptAPI, exports its kinds and lets the broker bind them. */
async function createProvider(stage: Stage, name: string): Promise<ProviderSite> {
  const { options, bootstrapped } = stage
  const site = await createSite(stage, name, PARENTS.providers)
  const crds = (options.providerCrds ?? options.brokeredCrds).flatMap(readCrds)
  const exportName = crds[0]?.spec.names.plural ?? name
  const { platformWorkspace, stagingTreeRoot } = bootstrapped.config
  await applyAll(site, providerManifests({ platformWorkspace, exportName, crds, user: bootstrapped.user }))
  // The slice that kcp makes beside each export.
  const reference = {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIExportEndpointSlice',
    metadata: { name: exportName },
  }
  await waitFor(`${site.path} has the endpoint slice ${exportName}`, () => site.client.get(reference))
  const copiesOf = (consumer: Site) => {
    const place = { consumerCluster: consumer.cluster, providerCluster: site.cluster, apiExportName: exportName }
    const path = `${stagingTreeRoot}:${stagingWorkspaceName(place)}`
    return { name: `${name} for ${consumer.name}`, kube: stage.base.below(`/clusters/${path}`), path }
  }
  return { ...site, exportName, copiesOf }
}

function createSite({ sandbox, options }: Stage, name: string, parent: string): Promise<WorkspaceSite> {
  return createWorkspaceSite(sandbox, name, options.dir, { parent: `root:${parent}`, shard: options.placement?.[name] })
}

/** Applies them in order, and waits until bindings are bound and exports have their identity. */
async function applyAll(site: WorkspaceSite, manifests: object[]): Promise<void> {
  for (const each of manifests as KubeObject[]) {
    await site.client.apply(each)
    const conditions = READY[each.kind] ?? []
    if (conditions.length === 0) continue
    await waitFor(`${each.kind} ${each.metadata.name} of ${site.path}`, async () => {
      const found = await site.client.get(each)
      const are = (found?.['status']?.conditions ?? []) as { type: string; status: string }[]
      return conditions.every((type) => are.some((is) => is.type === type && is.status === 'True'))
    })
  }
}

const READY: Record<string, string[]> = {
  APIBinding: ['Ready', 'PermissionClaimsApplied'],
  APIExport: ['IdentityValid'],
}

function byName<S extends WorkspaceSite>(sites: S[]): Record<string, S> {
  return Object.fromEntries(sites.map((site) => [site.name, site]))
}
