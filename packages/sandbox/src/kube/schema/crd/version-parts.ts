import type { FieldError } from '../../errors.ts'
import { resolveFieldPath } from '../cel/field-path.ts'
import { duplicate, invalid, required, tooMany } from '../field-errors.ts'
import { structuralOf } from '../structural.ts'
import type { OpenApiSchema } from '../types.ts'
import type { Column, Scale, Shared } from './crd-spec.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const MOST_SELECTABLE_FIELDS = 8

/** Paths of the scale subresource. */
export function validateSubresources(subresources: Shared['subresources'], path: string): FieldError[] {
  const scale = subresources?.scale
  if (scale === undefined) return []
  const of = (key: keyof Scale, optional: boolean, under: readonly string[]) =>
    scalePath(scale[key] ?? '', `${path}.scale.${key}`, optional, under)
  return [
    ...of('specReplicasPath', false, ['.spec']),
    ...of('statusReplicasPath', false, ['.status']),
    ...of('labelSelectorPath', true, ['.spec', '.status']),
  ]
}

function scalePath(value: string, path: string, optional: boolean, under: readonly string[]): FieldError[] {
  if (value === '') return optional ? [] : [required(path)]
  const errors = simplePath(value, path)
  if (errors.length > 0 || under.some((prefix) => value.startsWith(`${prefix}.`))) return errors
  const where = under.length > 1 ? `either ${under.join(' or ')}` : under[0]
  return [invalid(path, value, `should be a json path under ${where}`)]
}

function simplePath(value: string, path: string): FieldError[] {
  return value.startsWith('.') ? [] : [invalid(path, value, 'must be a simple json path starting with .')]
}

/** additionalPrinterColumns. */
export function validateColumns(columns: readonly Column[], path: string): FieldError[] {
  return columns.flatMap(({ name = '', type = '', format = '', jsonPath = '' }, index) => {
    const at = `${path}[${index}]`
    const types = `must be one of ${COLUMN_TYPES.join(',')}`
    const errors: FieldError[] = name === '' ? [required(`${at}.name`)] : []
    if (type === '') errors.push(required(`${at}.type`, types))
    else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(`${at}.type`, type, types))
    if (format !== '' && !COLUMN_FORMATS.includes(format)) {
      errors.push(invalid(`${at}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`))
    }
    const pathErrors = jsonPath === '' ? [required(`${at}.JSONPath`)] : simplePath(jsonPath, `${at}.JSONPath`)
    return [...errors, ...pathErrors]
  })
}

/** selectableFields: scalars of the schema, each once. */
export function validateSelectableFields(
  fields: readonly { jsonPath?: string }[],
  schema: OpenApiSchema | undefined,
  path: string,
): FieldError[] {
  if (fields.length === 0 || schema === undefined) return []
  const root = structuralOf(schema)
  const seen = new Set<string>()
  const errors = fields.flatMap(({ jsonPath = '' }, index) => {
    const at = `${path}[${index}].jsonPath`
    if (jsonPath === '') return [required(at)]
    const found = resolveFieldPath(jsonPath, root, false)
    if ('mistake' in found) return [invalid(at, jsonPath, `is an invalid path: ${found.mistake}`)]
    return selectableErrors(found.path, found.node.type, jsonPath, at, seen)
  })
  return seen.size > MOST_SELECTABLE_FIELDS ? [...errors, tooMany(path, seen.size, MOST_SELECTABLE_FIELDS)] : errors
}

function selectableErrors(found: string, type: string, jsonPath: string, at: string, seen: Set<string>): FieldError[] {
  const errors: FieldError[] = []
  if (/^metadata([.[]|$)/.test(found)) errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'))
  if (!['string', 'boolean', 'integer'].includes(type)) {
    const detail =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
    errors.push(invalid(at, jsonPath, detail))
  }
  if (seen.has(found)) errors.push(duplicate(at, jsonPath))
  seen.add(found)
  return errors
}
