import type { KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { KeyPair } from './pki.ts'

export function etcdArguments({ dir, port, peerPort }: { dir: string; port: number; peerPort: number }): string[] {
  const client = `http://127.0.0.1:${port}`
  const peer = `http://127.0.0.1:${peerPort}`
  return [
    '--name=default',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Survives the death of the process, not that of the machine: enough for trying and for tests.
    '--unsafe-no-fsync',
    // A lone member waits one election timeout (default 1000 ms) before it serves.
    '--heartbeat-interval=20',
    '--election-timeout=200',
    '--log-level=warn',
  ]
}

type ApiServerOptions = {
  dir: string
  /** What it binds to and says that it is at. */
  address: string
  port: number
  etcdPort: number
  forNodes: boolean
}

/** The address of the Service `kubernetes`, and the names by which pods know it. */
export const IN_CLUSTER_HOSTS = ['10.96.0.1', 'kubernetes.default', 'kubernetes.default.svc']

export function apiServerArguments({ dir, address, port, etcdPort, forNodes }: ApiServerOptions): string[] {
  const file = (name: string) => join(dir, name)
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    ...(forNodes ? FOR_NODES : ALONE),
    '--service-cluster-ip-range=10.96.0.0/16',
    `--tls-cert-file=${file('serving.crt')}`,
    `--tls-private-key-file=${file('serving.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    `--authentication-config=${file('authentication.yaml')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-accounts.pub')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    // A bench must measure the broker and not the server's brake (defaults 400 and 200).
    '--max-requests-inflight=3000',
    '--max-mutating-requests-inflight=1500',
    '--profiling=false',
  ]
}

/** A node is trusted with its own alone. */
const FOR_NODES = ['--authorization-mode=Node,RBAC', '--enable-admission-plugins=NodeRestriction']

const ALONE = [
  '--authorization-mode=RBAC',
  // Loopback is no address for the endpoints of the service `kubernetes`, which nobody uses here.
  '--endpoint-reconciler-type=none',
  // Waits for a token controller that does not run here.
  '--disable-admission-plugins=ServiceAccount',
]

type ApiServerFiles = {
  authority: string
  serving: KeyPair
  serviceAccounts: { privateKey: KeyObject; publicKey: KeyObject }
  adminToken: string
}

/** Writes the files that `apiServerArguments` names. */
export async function writeApiServerFiles(dir: string, files: ApiServerFiles): Promise<void> {
  const { privateKey, publicKey } = files.serviceAccounts
  const contents = {
    'ca.crt': files.authority,
    'serving.crt': files.serving.certificate,
    'serving.key': files.serving.key,
    'service-accounts.key': privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    'service-accounts.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'tokens.csv': `${files.adminToken},admin,admin,"system:masters"\n`,
    'authentication.yaml': stringify(ANONYMOUS_HEALTH_ONLY),
  }
  for (const [name, content] of Object.entries(contents)) await writeFile(join(dir, name), content, { mode: 0o600 })
}

const ANONYMOUS_HEALTH_ONLY = {
  // v1 is there from 1.34 on; 1.33 is still taken from PATH.
  apiVersion: 'apiserver.config.k8s.io/v1beta1',
  kind: 'AuthenticationConfiguration',
  anonymous: { enabled: true, conditions: [{ path: '/livez' }, { path: '/readyz' }, { path: '/healthz' }] },
}
