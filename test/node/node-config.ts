import { join } from 'node:path'
import { stringifyJson } from '@resource-broker/json'
import { stringify } from 'yaml'

/** The cgroup of all pods, as machine.sh makes it. */
export const CGROUP = '/broker-node'
/** The address of the Service in dns.yaml. */
const DNS_ADDRESS = '10.96.0.10'
const POD_NETWORK = '10.244.0.0/16'

export function containerdConfig(given: { dir: string; plugins: string; pauseImage: string }): string {
  const { dir, plugins, pauseImage } = given
  return `version = 2
root = "${join(dir, 'containerd')}"
state = "${join(dir, 'containerd-state')}"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "${join(dir, 'containerd.sock')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # To lower it takes CAP_SYS_RESOURCE, which root has not everywhere.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${join(dir, 'cni')}"
`
}

/** The CNI network of all pods: a bridge, behind the address of their machine. */
export function podNetwork(dir: string): string {
  const range = [{ subnet: POD_NETWORK }]
  const ipam = { type: 'host-local', dataDir: join(dir, 'ipam'), ranges: [range], routes: [{ dst: '0.0.0.0/0' }] }
  const bridge = { type: 'bridge', bridge: 'pods', isGateway: true, ipMasq: true, hairpinMode: true, ipam }
  return stringifyJson({ cniVersion: '0.4.0', name: 'pods', plugins: [bridge] })
}

export function kubeletConfig({ dir, address }: { dir: string; address: string }): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address,
    // Nobody calls it: the logs of pods are read where they are.
    authentication: { anonymous: { enabled: false }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    readOnlyPort: 0,
    containerRuntimeEndpoint: `unix://${join(dir, 'containerd.sock')}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: CGROUP,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [DNS_ADDRESS],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    podLogsDir: join(dir, 'pod-logs'),
    volumePluginDir: join(dir, 'volume-plugins'),
    // Whatever this machine has left is enough.
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
  })
}

export function proxyConfig({ address, kubeconfig, name }: { address: string; kubeconfig: string; name: string }) {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    clusterCIDR: POD_NETWORK,
    hostnameOverride: name,
    mode: 'nftables',
    bindAddress: address,
    // The table's size is the whole machine's.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  })
}
