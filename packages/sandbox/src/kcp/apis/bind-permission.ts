import { MASTERS } from '../../kube/authn/mod.ts'
import { StatusError } from '../../kube/errors.ts'
import type { AdmissionPlugin } from '../../kube/requests/types.ts'
import { APIS } from '../names.ts'
import type { ShardServices } from '../shards/types.ts'
import { API_BINDINGS } from './system-types.ts'
import type { ApiBinding } from './types.ts'

/** Who binds must hold verb `bind` on the export; whether there is such an export is not told (contract 4.6). */
export function bindPermission({ directory, rbac }: ShardServices): AdmissionPlugin {
  return {
    name: 'apibinding-bind',
    validate({ operation, resource, subresource, cluster, user, object, name }) {
      if (operation !== 'CREATE' || resource.storage !== API_BINDINGS || subresource !== '') return
      if (user.groups.includes(MASTERS)) return
      const { path = '', name: exportName = '' } = (object as ApiBinding).spec?.reference?.export ?? {}
      const exportCluster = directory.resolve(path === '' ? cluster : path)?.cluster
      const asked = { verb: 'bind', group: APIS, version: '*', resource: 'apiexports', name: exportName, path: '' }
      const where = { cluster: exportCluster ?? '', user, subresource: '', namespace: '', isResourceRequest: true }
      if (exportCluster !== undefined && rbac.authorize({ ...asked, ...where }).allowed) return
      const full = `${path === '' ? cluster : path}:${exportName}`
      const why = `unable to create APIBinding: no permission to bind to export ${full}`
      throw StatusError.forbidden({ group: APIS, resource: 'apibindings' }, name, why)
    },
  }
}
