import type { FieldError } from '../errors.ts'
import { dns1035Errors } from '../name-rules.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { invalid, required } from './field-errors.ts'
import type { Structural } from './structural.ts'

/** TypeMeta and names of embedded resources; the root is not looked at unless its schema says so. */
export function validateEmbedded(value: JsonValue, node: Structural | undefined, path = ''): FieldError[] {
  if (node === undefined || !node.has.embedded || typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => validateEmbedded(item, node.items, `${path}[${index}]`))
  }
  const below = Object.entries(value).flatMap(([key, entry]) => {
    const property = node.properties?.get(key)
    if (property !== undefined) return validateEmbedded(entry, property, child(path, key))
    return validateEmbedded(entry, node.additional?.node, `${path}[${key}]`)
  })
  return node.embedded ? [...validateTypeMeta(value, path), ...below] : below
}

const child = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** apiVersion and kind of a resource that stands inside of another. */
function validateTypeMeta(value: JsonObject, path: string): FieldError[] {
  const missing = ['apiVersion', 'kind'].filter((key) => !Object.hasOwn(value, key))
  const { apiVersion, kind, metadata } = value
  return [
    ...missing.map((key) => required(child(path, key))),
    ...(apiVersion === undefined ? [] : validateApiVersion(apiVersion, child(path, 'apiVersion'))),
    ...(kind === undefined ? [] : validateKind(kind, child(path, 'kind'))),
    ...(metadata === undefined ? [] : validateName(metadata, child(path, 'metadata'))),
  ]
}

function validateApiVersion(apiVersion: JsonValue, path: string): FieldError[] {
  if (typeof apiVersion !== 'string') return [invalid(path, apiVersion, 'must be a string')]
  if (apiVersion === '') return [invalid(path, apiVersion, 'must not be empty')]
  if (apiVersion.split('/').length <= 2) return []
  return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]
}

function validateKind(kind: JsonValue, path: string): FieldError[] {
  if (typeof kind !== 'string') return [invalid(path, kind, 'must be a string')]
  if (kind === '') return [invalid(path, kind, 'must not be empty')]
  const wrong = dns1035Errors(kind.toLowerCase())
  if (wrong.length === 0) return []
  return [invalid(path, kind, `may have mixed case, but should otherwise match: ${wrong.join(',')}`)]
}

/** Names of embedded resources only have to fit into a path. */
function validateName(metadata: JsonValue, path: string): FieldError[] {
  const name = (metadata as JsonObject | null)?.['name']
  if (typeof name !== 'string' || name === '') return []
  const at = `${path}.name`
  if (name === '.' || name === '..') return [invalid(at, name, `may not be '${name}'`)]
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => invalid(at, name, `may not contain '${part}'`))
}
