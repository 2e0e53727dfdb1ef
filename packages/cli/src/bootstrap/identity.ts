import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { globalServiceAccount, kcpLayout } from '@resource-broker/api'
import { type Endpoint, KubeClient } from '@resource-broker/kube'
import { stringify } from 'yaml'
import { resources } from '../manifests/types.ts'
import { serviceAccountManifest } from '../manifests/workspaces.ts'
import { untilAllowed } from './await-object.ts'
import { issueClientCertificate } from './client-certificate.ts'
import type { BootstrapConfig } from './config.ts'
import { about, type Kcp } from './kcp.ts'

/** A way to sign in: as a client presents it, and as a kubeconfig holds it. */
export type Login = {
  credentials: { headers: Record<string, string>; cert?: string; key?: string }
  kubeconfigUser: object
  expires: Date
}

const DAY_SECONDS = 86_400

/** Who the broker is, for grants in any workspace. A ServiceAccount is made. */
export async function identityOf(kcp: Kcp, config: BootstrapConfig): Promise<string> {
  if (config.identity === 'user') return config.user
  await kcp.apply(config.coordinationWorkspace, [serviceAccountManifest()])
  return globalServiceAccount(await kcp.clusterName(config.coordinationWorkspace), kcpLayout.serviceAccount)
}

/** A new login of the broker; undefined where it is a user that signs in by means that are not known here. */
export async function loginOf(kcp: Kcp, config: BootstrapConfig): Promise<Login | undefined> {
  const { identity, user, clientCaCert: caCert, clientCaKey: caKey, days } = config
  if (identity === 'service-account') return await tokenLogin(kcp, config)
  if (caCert === undefined || caKey === undefined) return undefined
  const { certificate, key, expires } = await issueClientCertificate(user, { caCert, caKey, days })
  const kubeconfigUser = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) }
  return { credentials: { headers: {}, cert: certificate, key }, kubeconfigUser, expires }
}

/** Those that were asked for before stay good until they expire. */
async function tokenLogin(kcp: Kcp, { coordinationWorkspace, days }: BootstrapConfig): Promise<Login> {
  const { namespace, name } = kcpLayout.serviceAccount
  // client.create posts to a collection; this one is below an object.
  const ref = { ...resources.ServiceAccount, namespace, resource: `serviceaccounts/${name}/token` }
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: days * DAY_SECONDS },
  }
  const { status } = await about(`${coordinationWorkspace}: token of ServiceAccount ${name}`, () =>
    kcp.in(coordinationWorkspace).create<{ status: { token: string; expirationTimestamp: string } }>(ref, body),
  )
  const { token } = status
  const credentials = { headers: { authorization: `Bearer ${token}` } }
  return { credentials, kubeconfigUser: { token }, expires: new Date(status.expirationTimestamp) }
}

/** The broker's kubeconfig for its coordination workspace. */
export function kubeconfigOf(kcp: Kcp, workspace: string, login: Login): string {
  const name = kcpLayout.user
  const server = `${kcp.url}/clusters/${workspace}`
  return stringify(
    {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
      clusters: [{ name: 'kcp', cluster: { server, ...trust(kcp.endpoint) } }],
      contexts: [{ name, context: { cluster: 'kcp', user: name } }],
      users: [{ name, user: login.kubeconfigUser }],
    },
    { lineWidth: 0 },
  )
}

/** Writes a kubeconfig, readable by its owner alone, all at once. */
export async function writeKubeconfig(text: string, path: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`
  await about(`--output ${path}`, async () => {
    try {
      await writeFile(fresh, text, { mode: 0o600 })
      // A file that was there keeps its mode otherwise.
      await chmod(fresh, 0o600)
      await rename(fresh, path)
    } finally {
      await rm(fresh, { force: true })
    }
  })
}

/** Resolves once the login gets into each of the broker's workspaces. */
export async function awaitAccess(kcp: Kcp, config: BootstrapConfig, { credentials }: Login): Promise<void> {
  const client = new KubeClient({ ...kcp.endpoint, credentials: { current: () => credentials, renew: () => false } })
  const asks = [
    [config.coordinationWorkspace, 'APIExportEndpointSlice'],
    [config.platformWorkspace, 'APIExport'],
    [config.stagingTreeRoot, 'Workspace'],
    [config.verificationTreeRoot, 'Workspace'],
  ] as const
  try {
    for (const [workspace, kind] of asks) {
      const ask = () => client.below(`/clusters/${workspace}`).list(resources[kind], { limit: 1 })
      const wait = { what: 'the broker to be let in', timeoutMs: config.timeoutSeconds * 1000 }
      await about(workspace, () => untilAllowed(ask, wait))
    }
  } finally {
    client.close()
  }
}

function trust({ ca, servername, insecure }: Endpoint): object {
  return {
    ...(ca === undefined ? {} : { 'certificate-authority-data': base64(ca) }),
    ...(servername === undefined ? {} : { 'tls-server-name': servername }),
    ...(insecure ? { 'insecure-skip-tls-verify': true } : {}),
  }
}

function base64(content: string | Buffer): string {
  return Buffer.from(content).toString('base64')
}
