import type { FieldError } from '../../errors.ts'
import type { JsonObject } from '../../objects.ts'
import { resolveFieldPath } from '../cel/field-path.ts'
import { type Rule, ruleOf } from '../cel/rule.ts'
import { forbidden, invalid, notSupported, required } from '../field-errors.ts'
import { structuralOf } from '../structural.ts'
import type { OpenApiSchema } from '../types.ts'
import { validateList } from './list-keywords.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']
const META = new Set(['metadata', 'kind', 'apiVersion'])
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref']

/** What is known of the way to a schema. */
export type Place = {
  isRoot: boolean
  /** Why there may be no default here. */
  noDefaults?: string
  insideMeta?: boolean
  /** The nearest schema above whose values cannot be found again in an old object. */
  uncorrelatable?: string
  /** False below allOf, anyOf, oneOf, not: rules there are not compiled. */
  onSpine: boolean
}

/** Called for every schema that has rules and may have them, after its keywords were found to be in order. */
export type OnRules = (schema: OpenApiSchema, path: string, place: Place) => FieldError[]

/** The keywords of a schema and of those below it, each by itself; `onRules` looks at the expressions of rules. */
export function validateKeywords(schema: OpenApiSchema, path: string, place: Place, onRules: OnRules): FieldError[] {
  const below = children(schema, path, place).flatMap(([child, at, next]) => validateKeywords(child, at, next, onRules))
  const errors = [...own(schema, path, place), ...below, ...mapTypes(schema, path), ...validateList(schema, path)]
  errors.push(...rules(schema, path))
  if ((schema['x-kubernetes-validations'] ?? []).length === 0 || !place.onSpine) return errors
  return errors.some(({ field }) => field.startsWith(path)) ? errors : [...errors, ...onRules(schema, path, place)]
}

function own(schema: OpenApiSchema, path: string, place: Place): FieldError[] {
  const { type = '', items } = schema
  const errors: FieldError[] = []
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES))
  if (schema.default !== undefined && schema.default !== null && place.noDefaults !== undefined) {
    errors.push(forbidden(`${path}.default`, `must not be set ${place.noDefaults}`))
  }
  for (const keyword of UNSUPPORTED) {
    if (isSet(schema[keyword])) errors.push(forbidden(`${path}.${keyword}`, `${keyword} is not supported`))
  }
  if (type === 'null') {
    errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  }
  if (Array.isArray(items)) errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  if (place.insideMeta && schema['x-kubernetes-embedded-resource']) {
    errors.push(forbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'))
  }
  if (schema['uniqueItems'] === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbidden(`${path}.uniqueItems`, detail))
  }
  if (typeof schema.additionalProperties === 'object' || schema.additionalProperties === false) {
    if (Object.keys(schema.properties ?? {}).length > 0) {
      const detail = 'additionalProperties and properties are mutual exclusive'
      errors.push(forbidden(`${path}.additionalProperties`, detail))
    }
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
  return errors
}

function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== '' && value !== null
}

function children(schema: OpenApiSchema, path: string, place: Place): [OpenApiSchema, string, Place][] {
  const { properties = {}, additionalProperties, items } = schema
  const inner: Place = { ...place, isRoot: false }
  const found: [OpenApiSchema, string, Place][] = []
  if (typeof additionalProperties === 'object') {
    const reason = 'inside additionalProperties applying to object metadata'
    found.push([
      additionalProperties,
      `${path}.additionalProperties`,
      place.insideMeta ? { ...inner, noDefaults: reason } : inner,
    ])
  }
  for (const [key, property] of Object.entries(properties)) {
    const isMeta = META.has(key) && (place.isRoot || schema['x-kubernetes-embedded-resource'] === true)
    found.push([
      property,
      `${path}.properties[${key}]`,
      {
        ...inner,
        ...(isMeta && { insideMeta: true }),
        ...(isMeta && place.isRoot && { noDefaults: `in top-level ${key}` }),
      },
    ])
  }
  const aside: Place = { ...inner, onSpine: false }
  const not = schema['not'] as OpenApiSchema | undefined
  if (not !== undefined) found.push([not, `${path}.not`, aside])
  for (const keyword of ['allOf', 'oneOf', 'anyOf']) {
    const list = (schema[keyword] ?? []) as OpenApiSchema[]
    found.push(...list.map((one, at): (typeof found)[number] => [one, `${path}.${keyword}[${at}]`, aside]))
  }
  if (items !== undefined && !Array.isArray(items)) {
    const isKeyed = schema['x-kubernetes-list-type'] === 'map'
    found.push([items, `${path}.items`, isKeyed ? inner : { ...inner, uncorrelatable: place.uncorrelatable ?? path }])
  }
  return found
}

function mapTypes(schema: OpenApiSchema, path: string): FieldError[] {
  const mapType = schema['x-kubernetes-map-type'] as string | undefined
  if (mapType === undefined) return []
  const { type = '' } = schema
  const detail = 'must be object if x-kubernetes-map-type is specified'
  const errors: FieldError[] = []
  if (type !== 'object')
    errors.push(type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail))
  if (mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']))
  }
  return errors
}

function rules(schema: OpenApiSchema, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap((given: JsonObject, at) =>
    ruleErrors(ruleOf(given), `${path}.x-kubernetes-validations[${at}]`, schema),
  )
}

function ruleErrors(rule: Rule, path: string, schema: OpenApiSchema): FieldError[] {
  const { message = '', messageExpression = '', fieldPath = '', reason } = rule
  const source = (rule.rule ?? '').trim()
  const errors: FieldError[] = []
  if (source === '') errors.push(required(`${path}.rule`, 'rule is not specified'))
  else if (message !== '' && message.trim() === '') {
    errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'))
  } else if (/[\n\r]/.test(message.trim())) {
    errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  } else if (/[\n\r]/.test(source) && message === '') {
    errors.push(required(`${path}.message`, 'message must be specified if rule contains line breaks'))
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified'))
  }
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
  if (fieldPath !== '' && fieldPath.trim() === '') {
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be non-empty if specified'))
  }
  if (/[\n\r]/.test(fieldPath)) errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must not contain line breaks'))
  if (fieldPath !== '' && 'mistake' in resolveFieldPath(fieldPath, structuralOf(schema))) {
    errors.push(invalid(`${path}.fieldPath`, fieldPath, 'must be a valid path'))
  }
  return errors
}
