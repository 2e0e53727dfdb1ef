import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { fieldRefusal } from '../../refusal.ts'
import { apiResourceSchemas } from '../system-types/mod.ts'
import type { ApiResourceSchema } from '../types.ts'
import { validateSchema } from './validation.ts'

/** Takes only APIResourceSchemas that can be bound, and never lets them change (contract 4.4). */
export const schemaAdmission: AdmissionPlugin = {
  name: 'apis.kcp.io/APIResourceSchema',
  validate(request) {
    const { resource, object, old } = request
    if (resource.storage !== apiResourceSchemas.storage || object === undefined) return
    const errors = validateSchema(object as ApiResourceSchema, old as ApiResourceSchema | undefined)
    if (errors.length > 0) throw fieldRefusal(request, ...errors)
  },
}
