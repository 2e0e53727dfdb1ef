import type { KubeObject } from '@resource-broker/bus'
import { type CallOptions, type KubeClient, readIfThere } from '@resource-broker/kube'

/** A cluster has just begun: what it will be known by is not there yet. */
export class ClusterNotReadyError extends Error {
  override readonly name = 'ClusterNotReadyError'
  readonly code = 'ClusterNotReady'
}

/**
 * What a cluster is, by whatever name or address it goes: the uid of a namespace that is there as long as the cluster, as nobody can
 * delete it (NamespaceLifecycle of kube-apiserver 1.34). That is kube-system; some kcp workspaces have `default` alone, which counts
 * there only: a kube-apiserver that has just begun may have it before the other. @throws {ClusterNotReadyError}
 */
export async function clusterUID(client: Pick<KubeClient, 'get'>, call: CallOptions = {}): Promise<string> {
  const system = await namespace(client, 'kube-system', call)
  if (system !== undefined) return system.metadata.uid
  const fallback = await namespace(client, 'default', call)
  if (fallback?.metadata.annotations?.['kcp.io/cluster'] !== undefined) return fallback.metadata.uid
  throw new ClusterNotReadyError('the cluster has no namespace kube-system yet, by which it is known')
}

async function namespace(
  client: Pick<KubeClient, 'get'>,
  name: string,
  call: CallOptions,
): Promise<KubeObject | undefined> {
  const ref = { group: '', version: 'v1', resource: 'namespaces', name }
  return await readIfThere<KubeObject>(client, ref, { ...call, metadataOnly: true })
}
