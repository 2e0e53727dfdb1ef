import { parseJson, stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import { isObject, JsonSyntaxError } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { jsonPatch, mergePatch } from '../../patch/mod.ts'
import { parseYaml } from '../decoding/documents.ts'
import { DecodeFailure, decodeValue } from '../decoding/objects.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { JSON_PATCH, type Patch } from '../writing/patch.ts'
import { changeScale } from '../writing/scale.ts'

/** Applies a patch of any type to the scale of an object: with two fields, they all come to the same. Throws StatusError. */
export function patchedScale(scope: Scope, name: string, patch: Patch, options: WriteOptions): KubeObject {
  const change = (scale: KubeObject): KubeObject => {
    try {
      const value = parseYaml(patch.body).value
      const target = parseJson(stringifyJson(scale)) as JsonObject
      const next =
        patch.type === JSON_PATCH ? jsonPatch(target, value) : mergePatch(target, isObject(value) ? value : {})
      return decodeValue(scope, { value: next, complaints: [] }).object
    } catch (error) {
      if (error instanceof JsonSyntaxError) throw StatusError.badRequest(`error decoding patch: ${error.message}`)
      if (error instanceof DecodeFailure) throw StatusError.badRequest(error.message)
      throw error
    }
  }
  return changeScale(scope, name, change, options)
}
