import type { KubeObject } from '@resource-broker/bus'
import { type CallOptions, isNotFound, type KubeClient } from '@resource-broker/kube'

/** Namespaces that nobody can delete (NamespaceLifecycle of kube-apiserver 1.34); a kcp workspace has the second alone. */
const LASTING = ['kube-system', 'default']

/** What a cluster is, by whatever name or address it goes: the uid of a namespace that is there as long as the cluster. */
export async function clusterUID(client: KubeClient, call: CallOptions = {}): Promise<string> {
  let missing: unknown
  for (const name of LASTING) {
    const ref = { group: '', version: 'v1', resource: 'namespaces', name }
    try {
      return (await client.get<KubeObject>(ref, { ...call, metadataOnly: true })).metadata.uid
    } catch (error) {
      if (!isNotFound(error)) throw error
      missing = error
    }
  }
  throw missing
}
