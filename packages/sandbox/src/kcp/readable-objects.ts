import { StatusError } from '../kube/errors.ts'
import type { JsonObject } from '../kube/objects.ts'
import type { AdmissionPlugin } from '../kube/requests/types.ts'
import { apisTypes } from './apis/system-types/mod.ts'
import type { ShardServices } from './services.ts'

const WRONG_TYPE = 'FieldValueTypeInvalid'

/**
 * Refuses objects of kcp's types whose fields are not of the types that the schema names, with 422 as validation would. Stands before all
 * plugins that read fields, since those run before validation.
 */
export function readableObjects({ identities, systemTypes }: ShardServices): AdmissionPlugin {
  const own = new Set([...systemTypes, ...apisTypes].map(({ storage }) => storage))
  const hashes = new Set(identities.values())
  return {
    name: 'kcp.io/Readable',
    mutate({ resource, version, object, name }) {
      const isOwn = own.has(resource.storage) || (resource.identity !== undefined && hashes.has(resource.identity))
      if (!isOwn || object === undefined) return
      const { schema } = resource.versions.get(version)!
      const errors = schema.validate(object as JsonObject)
      if (!errors.some(({ type }) => type === WRONG_TYPE)) return
      throw StatusError.invalid(resource.group, resource.kind, name, errors)
    },
  }
}
