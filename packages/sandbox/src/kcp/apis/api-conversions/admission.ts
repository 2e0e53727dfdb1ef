import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { fieldRefusal, refusal } from '../../refusal.ts'
import type { ShardServices } from '../../services.ts'
import { apiConversions } from '../system-types/mod.ts'
import type { ApiConversion, ApiResourceSchema } from '../types.ts'
import { compileConversions } from './compile.ts'

/** Takes only APIConversions whose rules can be run on the schema of their name (contract 4.8). */
export function conversionAdmission({ cache }: ShardServices): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/APIConversion',
    validate(request) {
      const { resource, object, cluster, name } = request
      if (resource.storage !== apiConversions.storage || object === undefined) return
      const schema = cache.get('apiresourceschemas.apis.kcp.io', cluster, name)?.object
      if (schema === undefined) {
        const why = `error getting APIResourceSchema ${name}: apiresourceschemas.apis.kcp.io "${name}" not found`
        throw refusal(request, why)
      }
      const { errors } = compileConversions(object as ApiConversion, schema as ApiResourceSchema)
      if (errors.length > 0) throw fieldRefusal(request, ...errors)
    },
  }
}
