import type { FieldError } from '../../errors.ts'
import { getKey, isNumber, isObject } from '../../json.ts'
import type { JsonValue, KubeObject } from '../../objects.ts'
import type { ScaleSubresource } from '../../resource.ts'
import { invalid } from '../../schema/field-errors.ts'

const MAX = 2 ** 31 - 1

/** The value at a path such as `.spec.replicas`, which a CRD names for its scale subresource. */
export function atPath(object: object, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = object as JsonValue
  for (const key of path.replace(/^\./, '').split('.')) {
    if (!isObject(value)) return undefined
    value = getKey(value, key)
  }
  return value
}

/** What is wrong with the numbers that a scale subresource shows. */
export function scaleErrors(scale: ScaleSubresource | undefined, object: KubeObject): FieldError[] {
  if (scale === undefined) return []
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path) => {
    const value = atPath(object, path)
    if (!isNumber(value)) return []
    if (value < 0) return [invalid(path, value, 'should be a non-negative integer')]
    return value > MAX ? [invalid(path, value, `should be less than or equal to ${MAX}`)] : []
  })
}
