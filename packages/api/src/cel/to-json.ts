import { isRecord } from '../records.ts'

/** A value of CEL that JSON has no word for; `message` says which. */
class NotJson extends Error {
  readonly code = 'cel_not_json'
}

/** The library does not export its classes for these two. */
type UnsignedInt = { value: bigint }
type Duration = { seconds: bigint; nanos: number }

/**
 * A value that an expression gave, as JSON has it: an int is a number, beyond 2^53 a bigint (which is written as a number); a
 * timestamp is RFC 3339 and a duration is seconds with an `s`, as CEL's string() writes them; bytes are base64.
 */
export function toJson(value: unknown): { value: unknown } | { error: string } {
  try {
    return { value: converted(value) }
  } catch (error) {
    if (error instanceof NotJson) return { error: error.message }
    throw error
  }
}

/** A value of CEL within a text: a string as it is, what else has one by its text. */
export function toText(value: unknown): { value: string } | { error: string } {
  const json = toJson(value)
  if ('error' in json) return json
  if (json.value === null) return { error: 'null cannot be part of a text' }
  if (typeof json.value === 'object')
    return { error: `${Array.isArray(json.value) ? 'a list' : 'a map'} cannot be part of a text` }
  return { value: String(json.value) }
}

function converted(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson(`${value} is no number that an object can hold`)
      return value
    case 'object':
      return value === null ? null : convertedObject(value)
    case 'string':
    case 'boolean':
      return value
    default:
      throw new NotJson('a type is no value that an object can hold')
  }
}

function convertedObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(converted)
  if (value instanceof Map) return fields([...value])
  if (value instanceof Date) return value.toISOString().replace(/\.000Z$/, 'Z')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (isRecord(value) && value.constructor === Object) return fields(Object.entries(value))
  if (typeof (value as UnsignedInt).value === 'bigint') return converted((value as UnsignedInt).value)
  if (typeof (value as Duration).seconds === 'bigint') return durationText(value as Duration)
  throw new NotJson(`${value.constructor.name} is no value that an object can hold`)
}

const fields = (entries: [unknown, unknown][]): Record<string, unknown> =>
  Object.fromEntries(entries.map(([key, item]) => [String(key), converted(item)]))

function durationText({ seconds, nanos }: Duration): string {
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
  return `${seconds}${fraction}s`
}
