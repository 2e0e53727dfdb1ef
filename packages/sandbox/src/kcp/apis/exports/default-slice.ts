import { Controller, keyOf, parseKey } from '../../../kube/controllers/mod.ts'
import { hasKey } from '../../../kube/json.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { APIS } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import { API_EXPORTS, apiExports, endpointSlices } from '../system-types/mod.ts'
import type { ApiExport } from '../types.ts'

const SKIP = 'apiexports.apis.kcp.io/skip-endpointslice'

/** Makes the APIExportEndpointSlice that every export has, unless it says not to (contract 4.7, 5.3). */
export function defaultSliceController({ store, log, clientIn, directory }: ShardServices): Controller {
  return new Controller(store, log, {
    name: 'default-apiexportendpointslices',
    triggers: [
      { resource: API_EXPORTS },
      {
        resource: endpointSlices.storage,
        keys: ({ type, entry }) => (type === 'DELETED' ? [keyOf(entry.key)] : []),
      },
    ],
    reconcile(key) {
      const { cluster, name } = parseKey(key)
      const client = clientIn(cluster)
      const apiExport = client.get(apiExports, '', name) as ApiExport | undefined
      if (apiExport === undefined || !wantsSlice(apiExport)) return undefined
      if (client.get(endpointSlices, '', name) !== undefined) return undefined
      client.create(endpointSlices, sliceOf(apiExport, directory.pathOf(cluster)))
      return undefined
    },
  })
}

function wantsSlice({ metadata, status }: ApiExport): boolean {
  if (metadata.deletionTimestamp !== undefined || status?.identityHash === undefined) return false
  return !hasKey(metadata.annotations ?? {}, SKIP)
}

function sliceOf({ apiVersion, kind, metadata }: ApiExport, path: string): KubeObject {
  const { name = '', uid = '' } = metadata
  const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
  return {
    apiVersion: `${APIS}/v1alpha1`,
    kind: 'APIExportEndpointSlice',
    metadata: { name, ownerReferences: [owner] },
    spec: { export: { path, name } },
  }
}
