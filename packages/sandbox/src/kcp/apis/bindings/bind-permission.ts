import { MASTERS } from '../../../kube/authn/mod.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../../kube/requests/types.ts'
import { aboutObject } from '../../authz/mod.ts'
import { APIS } from '../../names.ts'
import { refusal } from '../../refusal.ts'
import type { ShardServices } from '../../services.ts'
import { API_BINDINGS, endpointSlices } from '../system-types/mod.ts'
import type { ApiBinding, EndpointSlice } from '../types.ts'

type Reference = { path?: string; name?: string }

/** Who binds, or asks for endpoints, must hold verb `bind` on the export; whether there is such an export is not told (contract 4.6, 4.7). */
export function bindPermission({ directory, rbac, cache }: ShardServices): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/BindPermission',
    validate(request) {
      const reference = referenceIn(request)
      const { user, cluster, resource } = request
      if (reference === undefined) return
      const { path = '', name: exportName = '' } = reference
      const where = path === '' ? cluster : path
      const exportCluster = directory.resolve(where)?.cluster
      const isThere =
        exportCluster !== undefined &&
        (path === '' || cache.get('apiexports.apis.kcp.io', exportCluster, exportName) !== undefined)
      if (isThere && user.groups.includes(MASTERS)) return
      const asked = { verb: 'bind', group: APIS, resource: 'apiexports', name: exportName }
      if (isThere && rbac.authorize(aboutObject({ ...asked, cluster: exportCluster, user })).allowed) return
      const why = `unable to create ${resource.kind}: no permission to bind to export ${where}:${exportName}`
      throw refusal(request, why)
    },
  }
}

/** The export that a new object is about; undefined for anything else. */
function referenceIn({ operation, resource, subresource, object }: AdmissionRequest): Reference | undefined {
  if (operation !== 'CREATE' || subresource !== '') return undefined
  if (resource.storage === API_BINDINGS) return (object as ApiBinding).spec?.reference?.export ?? {}
  return resource.storage === endpointSlices.storage ? (object as EndpointSlice).spec.export : undefined
}
