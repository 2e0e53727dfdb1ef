import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { kcpLayout } from '@resource-broker/api'
import { KubeClient } from '@resource-broker/kube'
import { stringify } from 'yaml'
import { resources } from '../manifests/types.ts'
import { untilAllowed } from './await-object.ts'
import type { BootstrapConfig } from './config.ts'
import { about, type Kcp } from './kcp.ts'

/** `expires` is RFC 3339, as the server gave it. */
export type Token = { token: string; expires: string }

const DAY_SECONDS = 86_400

/** A new token for the broker's ServiceAccount. Those that were asked for before stay good until they expire. */
export async function requestToken(kcp: Kcp, workspace: string, days: number): Promise<Token> {
  const { namespace, name } = kcpLayout.serviceAccount
  // client.create posts to a collection; this one is below an object.
  const ref = { ...resources.ServiceAccount, namespace, resource: `serviceaccounts/${name}/token` }
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: days * DAY_SECONDS },
  }
  const { status } = await about(`${workspace}: token of ServiceAccount ${name}`, () =>
    kcp.in(workspace).create<{ status: { token: string; expirationTimestamp: string } }>(ref, body),
  )
  return { token: status.token, expires: status.expirationTimestamp }
}

/** Writes the kubeconfig of the broker for its coordination workspace, readable by its owner alone, all at once. */
export async function writeKubeconfig(kcp: Kcp, workspace: string, token: string, path: string): Promise<void> {
  const { ca, servername, insecure } = kcp.endpoint
  const { name } = kcpLayout.serviceAccount
  const cluster = {
    server: `${kcp.url}/clusters/${workspace}`,
    ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(servername === undefined ? {} : { 'tls-server-name': servername }),
    ...(insecure ? { 'insecure-skip-tls-verify': true } : {}),
  }
  const text = stringify(
    {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
      clusters: [{ name: 'kcp', cluster }],
      contexts: [{ name, context: { cluster: 'kcp', user: name } }],
      users: [{ name, user: { token } }],
    },
    { lineWidth: 0 },
  )
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

/** Resolves once the identity gets into each of the broker's workspaces. */
export async function awaitIdentity(kcp: Kcp, config: BootstrapConfig, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const credentials = { current: () => ({ headers }), renew: () => false }
  const client = new KubeClient({ ...kcp.endpoint, credentials })
  const asks = [
    [config.coordinationWorkspace, 'APIExportEndpointSlice'],
    [config.platformWorkspace, 'APIExport'],
    [config.stagingTreeRoot, 'Workspace'],
    [config.verificationTreeRoot, 'Workspace'],
  ] as const
  try {
    for (const [workspace, kind] of asks) {
      const ask = () => client.below(`/clusters/${workspace}`).list(resources[kind], { limit: 1 })
      const wait = { what: `access of the broker to ${workspace}`, timeoutMs: config.timeoutSeconds * 1000 }
      await about(workspace, () => untilAllowed(ask, wait))
    }
  } finally {
    client.close()
  }
}
