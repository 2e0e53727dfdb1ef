import { formatCheck } from './formats.ts'
import type { OpenApiSchema } from './types.ts'

const LISTS = ['allOf', 'anyOf', 'oneOf'] as const

/** The schema without the formats that kube-apiserver does not check (those of numbers among them); the same object where there are none. */
export function withoutUnknownFormats(schema: OpenApiSchema): OpenApiSchema {
  const changes: Record<string, unknown> = {}
  const { format, properties, additionalProperties, items } = schema
  if (format !== undefined && formatCheck(format) === undefined) changes['format'] = undefined
  if (properties !== undefined) {
    const next = Object.entries(properties).map(([key, property]) => [key, withoutUnknownFormats(property)] as const)
    if (next.some(([key, property]) => property !== properties[key])) changes['properties'] = fromEntries(next)
  }
  const replace = (keyword: string, child: OpenApiSchema) => {
    const next = withoutUnknownFormats(child)
    if (next !== child) changes[keyword] = next
  }
  if (typeof additionalProperties === 'object') replace('additionalProperties', additionalProperties)
  if (items !== undefined) replace('items', items)
  if (schema['not'] !== undefined) replace('not', schema['not'] as OpenApiSchema)
  for (const keyword of LISTS) {
    const list = schema[keyword] as OpenApiSchema[] | undefined
    const next = list?.map(withoutUnknownFormats)
    if (next?.some((one, index) => one !== list?.[index])) changes[keyword] = next
  }
  if (Object.keys(changes).length === 0) return schema
  const result: OpenApiSchema = { ...schema, ...changes }
  if ('format' in changes) delete result.format
  return result
}

/** Formats of strings that kube-apiserver does not check and warns of, each once; those in `allOf` and the like it overlooks. */
export function unrecognizedFormats(schema: OpenApiSchema): Set<string> {
  const { type, format = '', properties = {}, additionalProperties, items } = schema
  const own = type === 'string' && format !== '' && formatCheck(format) === undefined ? [format] : []
  const below = [
    ...Object.values(properties),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
    ...(items === undefined ? [] : [items]),
  ]
  return new Set([...own, ...below.flatMap((child) => [...unrecognizedFormats(child)])])
}

/** `__proto__` may be the name of a property. */
function fromEntries(entries: readonly (readonly [string, OpenApiSchema])[]): Record<string, OpenApiSchema> {
  return Object.fromEntries(entries)
}
