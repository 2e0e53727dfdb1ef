import { StatusError } from '../../errors.ts'
import { deepEqual, JsonSyntaxError, parseJson, setKey } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { jsonPatch } from '../../patch/mod.ts'
import { DecodeFailure, decodeValue } from '../../requests/decoding/objects.ts'
import { apiVersionOf, toApiVersion } from '../../requests/object-reader.ts'
import type { AdmissionRequest } from '../../requests/types.ts'

/**
 * Changes the object of a request, in place, by a webhook's patch of what it saw in `version`; answers whether anything changed.
 * Throws StatusError 500 for a patch that cannot be applied.
 */
export function patchedByWebhook(
  { resource, subresource, version: own }: AdmissionRequest,
  object: KubeObject,
  version: string,
  patch: string,
): boolean {
  const seen = toApiVersion(resource, object, apiVersionOf(resource.group, version))
  const scope = { resource, subresource, version: resource.versions.get(version)! }
  const next = decoded(() => {
    const value = jsonPatch(seen as JsonObject, parseJson(patch))
    return decodeValue(scope, { value, complaints: [] }).object
  })
  if (deepEqual(seen, next)) return false
  replaceIn(object, toApiVersion(resource, next, apiVersionOf(resource.group, own)))
  return true
}

function decoded(make: () => KubeObject): KubeObject {
  try {
    return make()
  } catch (error) {
    const isOfPatch = error instanceof JsonSyntaxError || error instanceof DecodeFailure
    if (isOfPatch || error instanceof StatusError) throw StatusError.internal(error)
    throw error
  }
}

function replaceIn(object: JsonObject | KubeObject, next: KubeObject): void {
  const target = object as JsonObject
  for (const key of Object.keys(target)) delete target[key]
  for (const [key, value] of Object.entries(next)) setKey(target, key, value as JsonObject)
}
