import { goJson } from '../go-text.ts'
import { deepEqual } from '../json.ts'
import type { JsonValue } from '../objects.ts'
import type { OpenApiSchema } from './types.ts'

/** The types that a schema allows, as kube-apiserver's validator sees them. */
export function typesOf(schema: OpenApiSchema): readonly string[] {
  if (schema['x-kubernetes-int-or-string'] === true) return ['integer', 'string']
  return schema.type === undefined || schema.type === '' ? [] : [schema.type]
}

/** What was wanted and what was found, where a value has not one of the types; formats count for numbers and booleans. */
export function wrongType(
  value: JsonValue,
  types: readonly string[],
  format: string,
  nullable: boolean,
): { want: string; got: string } | undefined {
  if (types.length === 0 && format === '') return undefined
  if (value === null) return types.length > 0 && !nullable ? { want: types.join(','), got: 'null' } : undefined
  const [type, own] = kindOf(value)
  const numeric = types.includes('number') || types.includes('integer')
  const isText = type === 'string' || type === 'array'
  const fits =
    types.includes(type) ||
    (type === 'integer' && types.includes('number')) ||
    (type === 'number' && Number.isSafeInteger(value) && types.includes('integer'))
  if (!isText && format !== '' && !fits && own !== format) return { want: format, got: own }
  if (!numeric && format !== '' && isText) return undefined
  return fits ? undefined : { want: types.join(','), got: type }
}

/** JSON type and format that Go's decoder gives a value. */
function kindOf(value: Exclude<JsonValue, null>): [string, string] {
  if (typeof value === 'string') return ['string', '']
  if (typeof value === 'boolean') return ['boolean', '']
  if (typeof value === 'bigint') return ['integer', 'int64']
  if (typeof value === 'number') return Number.isSafeInteger(value) ? ['integer', 'int64'] : ['number', 'float64']
  return [Array.isArray(value) ? 'array' : 'object', '']
}

/** Null is in no enumeration, even where it is listed. */
export function inEnum(value: JsonValue, allowed: readonly JsonValue[]): boolean {
  if (value === null) return false
  return typeof value === 'object' ? allowed.some((one) => deepEqual(one, value)) : allowed.includes(value)
}

/** What Go on amd64 makes of a double: its whole part, and the smallest int64 of what does not fit. */
export function int64Of(value: number | bigint): number | bigint {
  const whole = Math.trunc(Number(value))
  if (Number.isSafeInteger(whole)) return whole
  return Math.abs(whole) < 2 ** 63 ? BigInt(whole) : -(2n ** 63n)
}

export function isMultiple(value: number | bigint, factor: number | bigint): boolean {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    const whole = int64Of(factor)
    return whole > 0 && BigInt(value) % BigInt(whole) === 0n
  }
  const double = Number(factor)
  return double > 0 && Number.isInteger(double < 1 ? (1 / double) * value : value / double)
}

export function isUnique(list: readonly JsonValue[]): boolean {
  return new Set(list.map(goJson)).size === list.length
}
