import type { FieldError } from '../../errors.ts'
import { forbidden, invalid, notSupported, required } from '../field-errors.ts'
import type { OpenApiSchema } from '../types.ts'

const LIST_TYPES = ['atomic', 'set', 'map']

/** x-kubernetes-list-type and x-kubernetes-list-map-keys, with what they ask of the items. */
export function validateList(schema: OpenApiSchema, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'] as string | undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors = typeOfList(schema, listType, path)
  if (listType !== undefined && !LIST_TYPES.includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES))
  }
  if (keys.length > 0 && listType !== 'map') {
    const at = `${path}.x-kubernetes-list-type`
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail))
  }
  if (listType === 'map') errors.push(...mapErrors(schema, keys, path))
  if (listType === 'map' || listType === 'set') errors.push(...itemErrors(schema, keys, listType, path))
  return errors
}

function typeOfList(schema: OpenApiSchema, listType: string | undefined, path: string): FieldError[] {
  const { type = '', items } = schema
  if (listType === undefined) return []
  if (type !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified'
    return [type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail)]
  }
  if (listType !== 'set' || items === undefined || Array.isArray(items)) return []
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const inner = items['x-kubernetes-list-type'] ?? null
  if (items.type === 'array' && inner !== null && inner !== 'atomic') {
    return [invalid(`${path}.items.x-kubernetes-list-type`, inner, detail)]
  }
  // kube-apiserver shows the list type here, not the map type
  if (items.type !== 'object' || items['x-kubernetes-map-type'] === 'atomic') return []
  return [invalid(`${path}.items.x-kubernetes-map-type`, inner, detail)]
}

function mapErrors({ items }: OpenApiSchema, keys: readonly string[], path: string): FieldError[] {
  const at = `${path}.x-kubernetes-list-map-keys`
  const errors: FieldError[] = []
  if (keys.length === 0) errors.push(required(at, 'must not be empty if x-kubernetes-list-type is map'))
  if (items === undefined) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  if (items === undefined || Array.isArray(items)) return errors
  if (items.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map"
    return [...errors, invalid(`${path}.items.type`, items.type ?? '', detail)]
  }
  keys.forEach((key, index) => {
    const property = Object.hasOwn(items.properties ?? {}, key) ? items.properties?.[key] : undefined
    if (property === undefined) errors.push(invalid(at, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalid(`${path}.items.properties[${key}].type`, 'object', detail))
    }
    if (keys.indexOf(key) < index) errors.push(invalid(at, keys, 'must not contain duplicate entries'))
  })
  return errors
}

function itemErrors({ items }: OpenApiSchema, keys: readonly string[], listType: string, path: string): FieldError[] {
  if (items === undefined || Array.isArray(items)) return []
  const errors: FieldError[] = []
  if (items.nullable) {
    errors.push(forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  }
  if (listType !== 'map') return errors
  const mandatory = (items['required'] ?? []) as string[]
  for (const key of keys) {
    const property = Object.hasOwn(items.properties ?? {}, key) ? items.properties?.[key] : undefined
    if (property === undefined) continue
    const at = `${path}.items.properties[${key}]`
    if (!mandatory.includes(key) && (property.default ?? null) === null) {
      const detail =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(required(`${at}.default`, detail))
    }
    if (property.nullable) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
      errors.push(forbidden(`${at}.nullable`, detail))
    }
  }
  return errors
}
