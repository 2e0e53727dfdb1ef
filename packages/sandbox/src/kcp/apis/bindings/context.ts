import type { LocalClient } from '../../../kube/requests/types.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import type { ApiBinding, ApiExport } from '../types.ts'

/** One binding that is looked at; `client` is that of its logical cluster. */
export type BindingContext = {
  readonly services: ShardServices
  readonly bound: BoundTypes
  readonly client: LocalClient
  readonly cluster: string
  readonly name: string
}

/** The export that a binding is to. */
export type Found = { readonly exportCluster: string; readonly exportName: string; readonly apiExport: ApiExport }

/** The export that a binding refers to; undefined where its path or name leads to nothing. */
export function findExport({ services, cluster }: BindingContext, { spec }: ApiBinding): Found | undefined {
  const { path = '', name: exportName = '' } = spec?.reference?.export ?? {}
  const exportCluster = services.directory.resolve(path === '' ? cluster : path)?.cluster
  if (exportCluster === undefined) return undefined
  const apiExport = services.cache.get('apiexports.apis.kcp.io', exportCluster, exportName)?.object
  return apiExport && { exportCluster, exportName, apiExport: apiExport as ApiExport }
}
