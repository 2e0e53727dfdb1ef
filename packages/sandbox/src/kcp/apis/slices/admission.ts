import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { required } from '../../../kube/schema/field-errors.ts'
import { fieldRefusal } from '../../refusal.ts'
import { endpointSlices } from '../system-types/mod.ts'
import type { EndpointSlice } from '../types.ts'

/** Takes only APIExportEndpointSlices that name an export (contract 4.7). */
export const sliceAdmission: AdmissionPlugin = {
  name: 'apis.kcp.io/APIExportEndpointSlice',
  validate(request) {
    const { resource, object } = request
    if (resource.storage !== endpointSlices.storage || object === undefined) return
    const { spec } = object as Partial<EndpointSlice>
    if ((spec?.export.name ?? '') === '') throw fieldRefusal(request, required('spec.export.name'))
  },
}
