import { goNumber, goQuote } from '../go-text.ts'
import { isNumber } from '../json.ts'
import type { JsonValue } from '../objects.ts'
import { quantityError } from '../quantity.ts'
import { refOf } from './builtin-data.ts'
import type { OpenApiSchema } from './types.ts'

/** An object that Go could not decode; the message is Go's. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/** Types that are strings in JSON and have a name in Go, by `<struct>.<field>`. */
const NAMED: Readonly<Record<string, string>> = {
  'CertificateSigningRequestSpec.usages': 'v1.KeyUsage',
  'ConditionStatus.status': 'v1.ConditionStatus',
  'CustomResourceConversion.strategy': 'v1.ConversionStrategyType',
  'CustomResourceDefinitionSpec.scope': 'v1.ResourceScope',
  'DeleteOptions.propagationPolicy': 'v1.DeletionPropagation',
  'LimitRangeItem.type': 'v1.LimitType',
  'MutatingWebhook.failurePolicy': 'v1.FailurePolicyType',
  'MutatingWebhook.matchPolicy': 'v1.MatchPolicyType',
  'NamespaceSpec.finalizers': 'v1.FinalizerName',
  'NamespaceStatus.phase': 'v1.NamespacePhase',
  'ObjectMeta.uid': 'types.UID',
  'ObjectReference.uid': 'types.UID',
  'OwnerReference.uid': 'types.UID',
  'ResourceQuotaSpec.scopes': 'v1.ResourceQuotaScope',
  'Secret.type': 'v1.SecretType',
  'ValidatingWebhook.failurePolicy': 'v1.FailurePolicyType',
  'ValidatingWebhook.matchPolicy': 'v1.MatchPolicyType',
}

/** The Go type of a field, as errors of encoding/json name it. */
export function goTypeOf(given: OpenApiSchema, schema: OpenApiSchema, field: string): string {
  const name = refOf(given)?.split('.') ?? []
  const { type, format, items, additionalProperties } = schema
  if (type === 'string' && format === 'byte') return '[]uint8'
  if (type === 'string') return NAMED[field] ?? 'string'
  if (type === 'boolean') return 'bool'
  if (type === 'integer') return format === 'int32' ? 'int32' : 'int64'
  if (type === 'number') return 'float64'
  if (type === 'array') return `[]${goTypeOf(items ?? {}, items ?? {}, field)}`
  if (typeof additionalProperties === 'object') {
    return `map[string]${goTypeOf(additionalProperties, additionalProperties, field)}`
  }
  return name.length >= 2 ? `${name.at(-2)}.${name.at(-1)}` : 'interface {}'
}

/** What kind of JSON value a Go field cannot take; undefined where it fits. */
export function typeMismatch(value: JsonValue, schema: OpenApiSchema, name: string): string | undefined {
  const { type, format, properties, additionalProperties } = schema
  const found = jsonTypeOf(value)
  if (name === 'Quantity' || name === 'IntOrString') return undefined
  if (type === 'integer' && isNumber(value)) {
    const fits =
      typeof value === 'bigint'
        ? format !== 'int32'
        : Number.isSafeInteger(value) && (format !== 'int32' || (value >= -(2 ** 31) && value < 2 ** 31))
    return fits ? undefined : `number ${goNumber(value)}`
  }
  const isObject = type === 'object' || properties !== undefined || additionalProperties !== undefined
  const wanted = isObject ? 'object' : type === 'boolean' ? 'bool' : type === 'integer' ? 'number' : type
  return wanted === undefined || wanted === found ? undefined : found
}

function jsonTypeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'number'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Mistakes that decoders of single types report in words of their own. */
export function scalarError(value: JsonValue, schema: OpenApiSchema, name: string): string | undefined {
  if (name === 'Quantity') {
    const text = isNumber(value) || typeof value === 'string' ? String(value) : ''
    return quantityError(text)
  }
  if (typeof value !== 'string') return undefined
  if (name === 'Time') return timeError(value, '2006-01-02T15:04:05Z07:00')
  if (name === 'MicroTime') return timeError(value, '2006-01-02T15:04:05.000000Z07:00')
  return schema.format === 'byte' ? base64Error(value) : undefined
}

function base64Error(text: string): string | undefined {
  const stripped = text.replace(/[\r\n]/g, '')
  if (stripped.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(stripped)) return undefined
  const bad = text.search(/[^A-Za-z0-9+/\r\n]/)
  return `illegal base64 data at input byte ${bad < 0 ? text.length - (text.length % 4) : bad}`
}

/** The parts of RFC 3339 with their names in Go's layouts. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d{2}/, '01'],
  [/^-/, '-'],
  [/^\d{2}/, '02'],
  [/^T/, 'T'],
  [/^\d{1,2}/, '15'],
  [/^:/, ':'],
  [/^\d{2}/, '04'],
  [/^:/, ':'],
  [/^\d{2}([.,]\d+)?/, '05'],
  [/^(Z|[+-]\d{2}:\d{2})/, 'Z07:00'],
]

function timeError(text: string, layout: string): string | undefined {
  let rest = text
  for (const [pattern, part] of PARTS) {
    const match = pattern.exec(rest)
    if (match === null) {
      return `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(part)}`
    }
    rest = rest.slice(match[0].length)
  }
  if (rest !== '') return `parsing time ${goQuote(text)}: extra text: ${goQuote(rest)}`
  return rangeError(text)
}

function rangeError(text: string): string | undefined {
  const [, month = '', day = '', hour = '', minute = '', second = ''] =
    /^\d{4}-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)/.exec(text) ?? []
  const out = (what: string) => `parsing time ${goQuote(text)}: ${what} out of range`
  if (month < '01' || month > '12') return out('month')
  if (Number(hour) > 23) return out('hour')
  if (minute > '59') return out('minute')
  if (second > '59') return out('second')
  const days = new Date(Date.UTC(Number(text.slice(0, 4)), Number(month), 0)).getUTCDate()
  return Number(day) < 1 || Number(day) > days ? out('day') : undefined
}
