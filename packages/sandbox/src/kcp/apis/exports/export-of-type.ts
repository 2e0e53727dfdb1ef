import type { ShardServices } from '../../shards/types.ts'
import type { ApiExport } from '../types.ts'

/** The export with an identity; of several that share one, the first. undefined for an unknown one. */
export function exportOfIdentity(
  { cache }: ShardServices,
  identityHash: string,
): { cluster: string; apiExport: ApiExport } | undefined {
  for (const { cluster, object } of cache.list('apiexports.apis.kcp.io')) {
    const apiExport = object as ApiExport
    if (apiExport.status?.identityHash === identityHash) return { cluster, apiExport }
  }
  return undefined
}
