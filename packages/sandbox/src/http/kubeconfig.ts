import { stringify } from 'yaml'
import type { KeyPair } from './certificate-authority.ts'
import type { ContextName } from './context-name.ts'

export type KubeconfigParts = {
  /** Where users go: the front proxy, or the only shard. */
  url: string
  /** Where shard-admin goes: the first shard, since front proxies let nobody act as system:masters. */
  shardUrl: string
  /** PEM of the serving CA. */
  ca: string
  /** Logins by client certificate. */
  certificates: Readonly<Record<string, KeyPair>>
  /** Logins by bearer token. */
  tokens: Readonly<Record<string, string>>
}

/** Users of the contexts (contract 12.2). */
export const KCP_ADMIN = 'kcp-admin'
export const SHARD_ADMIN = 'shard-admin'

const CONTEXTS: readonly ContextName[] = ['root', 'base', 'system:admin', 'shard-base']

/** A kubeconfig as kcp writes its admin.kubeconfig (contract 12.2), as YAML. */
export function kubeconfigText(parts: KubeconfigParts, current: ContextName): string {
  const { url, shardUrl } = parts
  const servers: Record<ContextName, string> = {
    root: `${url}/clusters/root`,
    base: url,
    'system:admin': `${shardUrl}/clusters/system:admin`,
    'shard-base': shardUrl,
  }
  const login = (name: ContextName) => (name === 'root' || name === 'base' ? KCP_ADMIN : SHARD_ADMIN)
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    clusters: CONTEXTS.map((name) => ({
      name,
      cluster: { server: servers[name], 'certificate-authority-data': base64(parts.ca) },
    })),
    contexts: CONTEXTS.map((name) => ({ name, context: { cluster: name, user: login(name) } })),
    users: usersOf(parts),
  })
}

/** A kubeconfig of kcp-admin with one context, `workspace`: the workspace at `path`. As YAML. */
export function workspaceKubeconfig({ url, ca, certificates }: KubeconfigParts, path: string): string {
  const name = 'workspace'
  const server = { server: `${url}/clusters/${path}`, 'certificate-authority-data': base64(ca) }
  return stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': name },
    clusters: [{ name, cluster: server }],
    contexts: [{ name, context: { cluster: name, user: KCP_ADMIN } }],
    users: usersOf({ certificates: { [KCP_ADMIN]: certificates[KCP_ADMIN]! }, tokens: {} }),
  })
}

function usersOf({ certificates, tokens }: Pick<KubeconfigParts, 'certificates' | 'tokens'>) {
  const byCertificate = Object.entries(certificates).map(([name, { certificate, key }]) => ({
    name,
    user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) },
  }))
  return [...byCertificate, ...Object.entries(tokens).map(([name, token]) => ({ name, user: { token } }))]
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
