import type { ShardServices } from '../../services.ts'
import type { ApiExport } from '../types.ts'

/** The export with an identity that offers a type: several exports can share one identity (contract 5.3). */
export function exportOfType(
  { cache }: Pick<ShardServices, 'cache'>,
  { group, resource, identityHash }: { group: string; resource: string; identityHash: string },
): { cluster: string; apiExport: ApiExport } | undefined {
  for (const { cluster, object } of cache.list('apiexports.apis.kcp.io')) {
    const apiExport = object as ApiExport
    if (apiExport.status?.identityHash !== identityHash) continue
    const { resources = [] } = apiExport.spec ?? {}
    if (resources.some((each) => (each.group ?? '') === group && each.name === resource)) return { cluster, apiExport }
  }
  return undefined
}
