import type { FieldError } from '../../errors.ts'
import { valueAt } from '../../field-path.ts'
import { isNumber } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import type { ScaleSubresource } from '../../resource.ts'
import { invalid } from '../../schema/field-errors.ts'

const MAX = 2 ** 31 - 1

/** What is wrong with the numbers that a scale subresource shows. */
export function scaleErrors(scale: ScaleSubresource | undefined, object: KubeObject): FieldError[] {
  if (scale === undefined) return []
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path) => {
    const value = valueAt(object, path)
    if (!isNumber(value)) return []
    if (value < 0) return [invalid(path, value, 'should be a non-negative integer')]
    return value > MAX ? [invalid(path, value, `should be less than or equal to ${MAX}`)] : []
  })
}
