import { type LabelSelector, validateLabelSelector } from '../../../kube/builtin/mod.ts'
import { setKey } from '../../../kube/json.ts'
import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { exportHash } from '../../hashes.ts'
import { EXPORT_LABEL, ROOT_CLUSTER } from '../../names.ts'
import { fieldRefusal } from '../../refusal.ts'
import type { ShardServices } from '../../services.ts'
import { API_BINDINGS } from '../system-types/mod.ts'
import type { ApiBinding } from '../types.ts'

/** Labels every APIBinding with the hash of its export, whatever the client wrote there (contract 2.7). */
export function bindingLabel({ directory }: ShardServices): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/APIBinding',
    mutate({ resource, object, cluster }) {
      if (resource.storage !== API_BINDINGS || object?.metadata === undefined) return
      const { path = '', name = '' } = (object as ApiBinding).spec?.reference?.export ?? {}
      const where = path === '' ? cluster : path
      // Root is not looked up (contract 4.6).
      const exportCluster = where === ROOT_CLUSTER ? ROOT_CLUSTER : directory.resolve(where)?.cluster
      if (exportCluster === undefined) return
      const { labels } = object.metadata
      const value = exportHash(exportCluster, name)
      if (labels === undefined || labels === null) object.metadata.labels = { [EXPORT_LABEL]: value }
      else setKey(labels, EXPORT_LABEL, value)
    },
  }
}

/** Takes only claims whose selectors are label selectors: with others nothing could be labelled any more. */
export const bindingSelectors: AdmissionPlugin = {
  name: 'apis.kcp.io/APIBindingSelectors',
  validate(request) {
    const { resource, object, subresource } = request
    if (resource.storage !== API_BINDINGS || object === undefined || subresource !== '') return
    const { permissionClaims = [] } = (object as ApiBinding).spec ?? {}
    const errors = permissionClaims.flatMap(({ selector }, at) =>
      validateLabelSelector(selector as LabelSelector | undefined, `spec.permissionClaims[${at}].selector`),
    )
    if (errors.length > 0) throw fieldRefusal(request, ...errors)
  },
}
