import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KubeClient } from '@resource-broker/kube'
import type { Sandbox } from '@resource-broker/sandbox'
import { ClusterClient, waitFor } from '@resource-broker/testbed'
import type { Site } from './landscape.ts'

const WORKSPACES = '/apis/tenancy.kcp.io/v1alpha1/workspaces'

/** A new workspace below root, which is a cluster for all who do not know kcp. What is its own is in a folder of its name in `dir`. */
export async function createWorkspaceSite(sandbox: Sandbox, name: string, dir: string): Promise<Site> {
  const { url: base, ca, adminToken: token } = sandbox
  const root = new ClusterClient({ url: `${base}/clusters/root`, ca, token })
  await root.json('POST', WORKSPACES, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name },
    spec: { type: { name: 'universal', path: 'root' } },
  })
  await waitFor(`workspace ${name} is Ready`, async () => {
    const { status } = await root.json('GET', `${WORKSPACES}/${name}`)
    return (status as { phase?: string } | undefined)?.phase === 'Ready' || undefined
  })
  root.close()
  const home = join(dir, name)
  await mkdir(home, { recursive: true })
  // The broker calls a cluster by its file's name.
  const kubeconfig = join(home, `${name}.kubeconfig`)
  // The context root is that of kcp-admin, who is an administrator in every workspace.
  const text = sandbox.kubeconfig('root').replaceAll('/clusters/root', `/clusters/root:${name}`)
  await writeFile(kubeconfig, text, { mode: 0o600 })
  const url = `${base}/clusters/root:${name}`
  const client = new ClusterClient({ url, ca, token })
  const kube = await KubeClient.fromFile(kubeconfig)
  const stop = async () => {
    client.close()
    kube.close()
  }
  return { name, dir: home, url, kubeconfig, client, kube, stop }
}
