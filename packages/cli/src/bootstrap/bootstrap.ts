import { kcpLayout } from '@resource-broker/api'
import { brokerManifests } from '../manifests/broker.ts'
import { readCrds, requireStatus } from '../manifests/crds.ts'
import type { Crd } from '../manifests/types.ts'
import { type BootstrapConfig, type BootstrapFlags, bootstrapConfig, completed } from './config.ts'
import { awaitAccess, identityOf, kubeconfigOf, loginOf, writeKubeconfig } from './identity.ts'
import { Kcp, type Report } from './kcp.ts'
import { writeSecret } from './write-secret.ts'

/** Paths that are left out are those of `kcpLayout` and `serviceSetLayout`. */
export type BootstrapOptions = BootstrapFlags & {
  /** A line for each thing that was created or updated. */
  report?: Report
}

/** What a kcp was prepared with. */
export type Bootstrapped = {
  config: BootstrapConfig
  /** The broker, for grants in any workspace: who is to be given `bind` on a provider's export. */
  user: string
  /** Names of the brokered kinds' exports and endpoint slices. */
  brokered: string[]
  /** Until when the login in the kubeconfig is good; undefined: none was written, as the user signs in by other means. */
  expires: Date | undefined
}

/**
 * Prepares a kcp for the broker: creates what is missing, updates what differs, waits until it works and writes the kubeconfig of the
 * broker's identity. What is as it should be is not touched, so that it may run again at any time.
 * @throws {BootstrapError} in one line
 */
export async function bootstrap({ report = () => undefined, ...options }: BootstrapOptions): Promise<Bootstrapped> {
  const config = completed(bootstrapConfig.parse(options))
  const brokered = config.crd.flatMap(readCrds)
  for (const crd of brokered) requireStatus(crd)
  const kcp = await Kcp.fromFile(config.kcpKubeconfig, report, config.timeoutSeconds * 1000)
  try {
    const user = await prepare(kcp, config, brokered)
    const login = await loginOf(kcp, config)
    if (login !== undefined) {
      await awaitAccess(kcp, config, login)
      const text = kubeconfigOf(kcp, config.coordinationWorkspace, login)
      await writeKubeconfig(text, config.output)
      await writeSecret(text, config)
    }
    return { config, user, brokered: brokered.map(({ metadata }) => metadata.name), expires: login?.expires }
  } finally {
    kcp.close()
  }
}

/** All workspaces and what is in them; answers whom the rights were given to. */
async function prepare(kcp: Kcp, config: BootstrapConfig, brokered: Crd[]): Promise<string> {
  const { platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot, shard } = config
  await kcp.ensureWorkspace(platformWorkspace)
  for (const path of [coordinationWorkspace, stagingTreeRoot, verificationTreeRoot])
    await kcp.ensureWorkspace(path, shard)
  const user = await identityOf(kcp, config)
  const partition = config.partition ? shard : undefined
  for (const [path, manifests] of brokerManifests({ ...config, brokered, user, partition }))
    await kcp.apply(path, manifests)
  await kcp.awaitReady(stagingTreeRoot, 'APIExportEndpointSlice', kcpLayout.stagingExport)
  return user
}
