import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KubeClient } from '@resource-broker/kube'
import type { Sandbox } from '@resource-broker/sandbox'
import { ClusterClient, waitFor } from '@resource-broker/testbed'
import { parse } from 'yaml'
import type { Site } from './landscape.ts'

const WORKSPACES = '/apis/tenancy.kcp.io/v1alpha1/workspaces'

/** A workspace; `cluster` is the name of its logical cluster. */
export type WorkspaceSite = Site & { path: string }

/** Where a workspace is made: below `parent`, which is root if left out, and on a shard by name. */
export type Placement = { parent?: string | undefined; shard?: string | undefined }

/** A new workspace, which is a cluster for all who do not know kcp. What is its own is in a folder of its name in `dir`. */
export async function createWorkspaceSite(
  sandbox: Sandbox,
  name: string,
  dir: string,
  { parent = 'root', shard }: Placement = {},
): Promise<WorkspaceSite> {
  await createWorkspace(sandbox, name, { parent, shard })
  return await workspaceSite(sandbox, name, `${parent}:${name}`, dir)
}

/** A site for a workspace that is there. */
export async function workspaceSite(sandbox: Sandbox, name: string, path: string, dir: string): Promise<WorkspaceSite> {
  const home = join(dir, name)
  await mkdir(home, { recursive: true })
  const kubeconfig = join(home, `${name}.kubeconfig`)
  // The context root is that of kcp-admin, who is an administrator in every workspace.
  const text = sandbox.kubeconfig('root').replaceAll('/clusters/root', `/clusters/${path}`)
  await writeFile(kubeconfig, text, { mode: 0o600 })
  const url = `${sandbox.url}/clusters/${path}`
  const client = adminOf(sandbox, path)
  const kube = await KubeClient.fromFile(kubeconfig)
  const { metadata } = await client.json('GET', '/apis/core.kcp.io/v1alpha1/logicalclusters/cluster')
  const cluster = (metadata['annotations'] as Record<string, string>)['kcp.io/cluster'] as string
  const stop = async () => {
    client.close()
    kube.close()
  }
  return { name, dir: home, url, kubeconfig, client, kube, stop, cluster, path }
}

/** Resolves once the workspace is Ready. */
export async function createWorkspace(sandbox: Sandbox, name: string, { parent = 'root', shard }: Placement) {
  const admin = adminOf(sandbox, parent)
  const location = shard === undefined ? {} : { location: { selector: { matchLabels: { name: shard } } } }
  await admin.json('POST', WORKSPACES, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' }, ...location },
  })
  await waitFor(`workspace ${name} is Ready`, async () => {
    const { status } = await admin.json('GET', `${WORKSPACES}/${name}`)
    return (status as { phase?: string } | undefined)?.phase === 'Ready' || undefined
  })
  admin.close()
}

/** kcp-admin's client: front proxies do not take the token of system:masters. */
function adminOf(sandbox: Sandbox, path: string): ClusterClient {
  type User = { name: string; user: { 'client-certificate-data'?: string; 'client-key-data'?: string } }
  const { users } = parse(sandbox.kubeconfig('root')) as { users: User[] }
  const user = users.find(({ name }) => name === 'kcp-admin')?.user
  const decoded = (data = '') => Buffer.from(data, 'base64').toString()
  const [certificate, key] = [decoded(user?.['client-certificate-data']), decoded(user?.['client-key-data'])]
  return new ClusterClient({ url: `${sandbox.url}/clusters/${path}`, ca: sandbox.ca, certificate, key })
}
