import type { FieldError } from '../../errors.ts'
import { deepEqual } from '../../json.ts'
import { forbidden, invalid, required } from '../field-errors.ts'
import { mistakeIn } from '../patterns.ts'
import type { OpenApiSchema } from '../types.ts'
import { validateCompleteness } from './completeness.ts'

type Level = 'root' | 'item' | 'field'
const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]
const MISSING_TYPE = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

/** Whether a schema is structural: types on the spine, value validation only beside it. Sorted, as kube-apiserver does. */
export function validateStructure(schema: OpenApiSchema, path: string): FieldError[] {
  const errors = [...spine(schema, 'root', path), ...validateCompleteness(schema, path)]
  const text = ({ field, message }: FieldError) => `${field}: ${message}`
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}

function spine(schema: OpenApiSchema, level: Level, path: string): FieldError[] {
  const { items, properties = {}, additionalProperties, type } = schema
  const below = (child: OpenApiSchema, at: string, of: Level = 'field') => spine(child, of, `${path}.${at}`)
  return [
    ...(type === 'array' && items === undefined ? [required(`${path}.items`, 'must be specified')] : []),
    ...(items === undefined ? [] : below(items, 'items', 'item')),
    ...Object.entries(properties).flatMap(([key, child]) => below(child, `properties[${key}]`)),
    ...(additionalProperties !== undefined && level === 'root'
      ? [forbidden(`${path}.additionalProperties`, 'must not be used at the root')]
      : []),
    ...(typeof additionalProperties === 'object' ? below(additionalProperties, 'additionalProperties') : []),
    ...extensions(schema, path),
    ...valueValidation(schema, path, isIntOrString(schema['anyOf']), isIntOrString(firstAllOf(schema)?.['anyOf'])),
    ...typeErrors(schema, level, path),
    ...metaErrors(schema, level, path),
  ]
}

const isIntOrString = (anyOf: unknown): boolean => deepEqual(anyOf, INT_OR_STRING)
const firstAllOf = (schema: OpenApiSchema): OpenApiSchema | undefined => schema.allOf?.[0]

function extensions(schema: OpenApiSchema, path: string): FieldError[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return []
  return ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource']
    .filter((keyword) => schema[keyword] === true)
    .map((keyword) => invalid(`${path}.${keyword}`, true, 'must be false if x-kubernetes-int-or-string is true'))
}

function typeErrors(schema: OpenApiSchema, level: Level, path: string): FieldError[] {
  const type = schema.type ?? ''
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const open = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  const errors: FieldError[] = []
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail))
  } else if (type === '' && !open) errors.push(required(`${path}.type`, MISSING_TYPE[level]))
  if (embedded && schema.additionalProperties !== undefined) {
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'))
  }
  return errors
}

function metaErrors(schema: OpenApiSchema, level: Level, path: string): FieldError[] {
  const { properties = {} } = schema
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const isResource = level === 'root' || embedded
  const errors: FieldError[] = []
  for (const key of ['kind', 'apiVersion']) {
    const type = Object.hasOwn(properties, key) ? (properties[key]?.type ?? '') : 'string'
    if (isResource && type !== 'string') errors.push(invalid(`${path}.properties[${key}].type`, type, 'must be string'))
  }
  const metadata = Object.hasOwn(properties, 'metadata') ? properties['metadata'] : undefined
  if (metadata !== undefined)
    errors.push(...metadataErrors(metadata, isResource, level, `${path}.properties[metadata]`))
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true
  if (embedded && !open && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(`${path}.properties`, detail))
  }
  return errors
}

/** At the root a schema may speak of name and generateName only. */
function metadataErrors(metadata: OpenApiSchema, isResource: boolean, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (isResource && metadata.type !== 'object')
    errors.push(invalid(`${path}.type`, metadata.type ?? '', 'must be object'))
  if (level !== 'root') return errors
  const { properties = {}, type: _type, default: _default, ...rest } = metadata
  const others = Object.keys(properties).filter((key) => key !== 'name' && key !== 'generateName')
  if (others.length > 0 || Object.keys(rest).length > 0) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
    errors.push(forbidden(path, detail))
  }
  return errors
}

function valueValidation(
  schema: OpenApiSchema,
  path: string,
  skipAnyOf: boolean,
  skipFirstAnyOf: boolean,
): FieldError[] {
  const {
    anyOf = [],
    allOf = [],
    oneOf = [],
    not,
    pattern,
  } = schema as {
    [keyword in 'anyOf' | 'allOf' | 'oneOf']?: OpenApiSchema[]
  } & { not?: OpenApiSchema; pattern?: string }
  const errors: FieldError[] = []
  if (!skipAnyOf) errors.push(...anyOf.flatMap((one, at) => nested(one, `${path}.anyOf[${at}]`)))
  errors.push(...allOf.flatMap((one, at) => nested(one, `${path}.allOf[${at}]`, skipFirstAnyOf && at === 0)))
  errors.push(...oneOf.flatMap((one, at) => nested(one, `${path}.oneOf[${at}]`)))
  if (not !== undefined) errors.push(...nested(not, `${path}.not`))
  const mistake = pattern ? mistakeIn(pattern) : undefined
  if (mistake !== undefined) {
    errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${mistake}`))
  }
  return errors
}

/** What may not stand inside of allOf, anyOf, oneOf and not, with what it must be there. */
const FORBIDDEN: readonly (readonly [string, string, (value: unknown) => boolean])[] = [
  ['type', 'must be empty to be structural', Boolean],
  ['additionalProperties', 'must be undefined to be structural', (value) => value !== undefined && value !== false],
  ['default', 'must be undefined to be structural', (value) => value !== undefined && value !== null],
  ['title', 'must be empty to be structural', Boolean],
  ['description', 'must be empty to be structural', Boolean],
  ['nullable', 'must be false to be structural', Boolean],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural', Boolean],
  ['x-kubernetes-embedded-resource', 'must be false to be structural', Boolean],
  ['x-kubernetes-int-or-string', 'must be false to be structural', Boolean],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
  ['x-kubernetes-list-type', 'must be undefined to be structural', (value) => value !== undefined],
  ['x-kubernetes-map-type', 'must be undefined to be structural', (value) => value !== undefined],
  ['x-kubernetes-validations', 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
]

function nested(schema: OpenApiSchema, path: string, skipAnyOf = false): FieldError[] {
  const { items, properties = {} } = schema
  const errors = valueValidation(schema, path, skipAnyOf, false)
  if (items !== undefined) errors.push(...nested(items, `${path}.items`))
  for (const [key, child] of Object.entries(properties)) errors.push(...nested(child, `${path}.properties[${key}]`))
  for (const [keyword, detail, isSet] of FORBIDDEN) {
    if (isSet(schema[keyword])) errors.push(forbidden(`${path}.${keyword}`, detail))
  }
  if (Object.hasOwn(properties, 'metadata')) {
    errors.push(forbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
  }
  return errors
}
