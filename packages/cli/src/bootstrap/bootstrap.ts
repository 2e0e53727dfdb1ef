import { globalServiceAccount, kcpLayout } from '@resource-broker/api'
import { readCrds } from '../manifests/crds.ts'
import { acceptAPICrd, coordinationCrds } from '../manifests/own-crds.ts'
import {
  coordinationManifests,
  platformManifests,
  stagingManifests,
  verificationManifests,
} from '../manifests/workspaces.ts'
import { type BootstrapConfig, bootstrapConfig } from './config.ts'
import { awaitIdentity, requestToken, writeKubeconfig } from './identity.ts'
import { Kcp, type Report } from './kcp.ts'

/** Paths that are left out are those of `kcpLayout`. */
export type BootstrapOptions = Pick<BootstrapConfig, 'kcpKubeconfig' | 'output'> &
  Partial<BootstrapConfig> & {
    /** A line for each thing that was created or updated. */
    report?: Report
  }

/** What a kcp was prepared with. */
export type Bootstrapped = {
  config: BootstrapConfig
  /** The broker, as workspaces other than its own know it: who is to be granted `bind` on a provider's export. */
  user: string
  /** Names of the brokered kinds' exports and endpoint slices. */
  brokered: string[]
  /** Until when the token in the kubeconfig is good, RFC 3339. */
  tokenExpires: string
}

/**
 * Prepares a kcp for the broker: creates what is missing, updates what differs, waits until it works and writes the kubeconfig of the
 * broker's identity. What is as it should be is not touched, so that it may run again at any time.
 * @throws {BootstrapError} in one line
 */
export async function bootstrap({ report = () => undefined, ...options }: BootstrapOptions): Promise<Bootstrapped> {
  const config = bootstrapConfig.parse(options)
  const brokered = config.crd.flatMap(readCrds)
  const kcp = await Kcp.fromFile(config.kcpKubeconfig, report, config.timeoutSeconds * 1000)
  try {
    const user = await prepare(kcp, config, brokered)
    const { token, expires } = await requestToken(kcp, config.coordinationWorkspace, config.tokenDays)
    await awaitIdentity(kcp, config, token)
    await writeKubeconfig(kcp, config.coordinationWorkspace, token, config.output)
    return { config, user, brokered: brokered.map(({ metadata }) => metadata.name), tokenExpires: expires }
  } finally {
    kcp.close()
  }
}

/** All workspaces and what is in them; answers whom the rights were given to. */
async function prepare(kcp: Kcp, config: BootstrapConfig, brokered: ReturnType<typeof readCrds>): Promise<string> {
  const { platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot, shard } = config
  await kcp.ensureWorkspace(platformWorkspace)
  for (const path of [coordinationWorkspace, stagingTreeRoot, verificationTreeRoot])
    await kcp.ensureWorkspace(path, shard)
  const user = globalServiceAccount(await kcp.clusterName(coordinationWorkspace), kcpLayout.serviceAccount)
  await kcp.apply(platformWorkspace, platformManifests(acceptAPICrd(), brokered, user))
  await kcp.apply(coordinationWorkspace, coordinationManifests(coordinationCrds(), brokered, platformWorkspace))
  await kcp.apply(stagingTreeRoot, stagingManifests(user, stagingTreeRoot))
  await kcp.awaitReady(stagingTreeRoot, 'APIExportEndpointSlice', kcpLayout.stagingExport)
  await kcp.apply(verificationTreeRoot, verificationManifests(user))
  return user
}
