import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ControlPlane, ensureBinaries, type Report, waitFor } from '@resource-broker/testbed'
import { type Machine, THERE } from './machine.ts'
import { kubeletConfig, proxyConfig } from './node-config.ts'

export const NODE_NAME = 'node-1'
const DNS = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'coredns', namespace: 'kube-system' } }

/** Makes `machine` the one node of `plane`; resolves when names of Services are answered there. */
export async function joinNode(plane: ControlPlane, machine: Machine, report: Report): Promise<void> {
  const binaries = await ensureBinaries(['kubelet', 'kube-proxy', 'kube-scheduler'], report)
  const { dir } = machine
  const kubeconfigOf = (user: string, ...groups: string[]) => plane.kubeconfigFor({ user, groups })
  const [kubelet, proxy] = [join(dir, 'kubelet.yaml'), join(dir, 'kube-proxy.yaml')]
  await writeFile(kubelet, kubeletConfig({ dir, address: THERE }))
  const kubeconfig = await kubeconfigOf('system:kube-proxy')
  await writeFile(proxy, proxyConfig({ address: THERE, name: NODE_NAME, kubeconfig }))
  const kubeletArgs = [
    `--config=${kubelet}`,
    `--kubeconfig=${await kubeconfigOf(`system:node:${NODE_NAME}`, 'system:nodes')}`,
    `--root-dir=${join(dir, 'kubelet')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${THERE}`,
  ]
  const schedulerArgs = [`--kubeconfig=${await kubeconfigOf('system:kube-scheduler')}`, '--leader-elect=false']
  await plane.startControllers(['*'], report)
  await machine.start({ name: 'kube-scheduler', command: binaries['kube-scheduler'], args: schedulerArgs })
  await machine.start({ name: 'kube-proxy', command: binaries['kube-proxy'], args: [`--config=${proxy}`] })
  await machine.start({
    ...{ name: 'kubelet', command: binaries.kubelet, args: kubeletArgs },
    ready: () => isReady(plane),
  })
  await plane.client.applyFile(join(import.meta.dirname, 'dns.yaml'))
  await waitFor('the DNS of the cluster is ready', async () => {
    const status = (await plane.client.get(DNS))?.['status']
    return status?.availableReplicas === 1
  })
}

async function isReady({ client }: ControlPlane): Promise<boolean> {
  const node = await client.get({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE_NAME } })
  const conditions: { type: string; status: string }[] = node?.['status'].conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}
