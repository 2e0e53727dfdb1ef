import type { FieldError } from '../../errors.ts'
import { required } from '../field-errors.ts'
import type { OpenApiSchema } from '../types.ts'

/** What value validations speak of has to be specified on the spine. */
export function validateCompleteness(schema: OpenApiSchema, path: string): FieldError[] {
  return ofValidation(schema, schema, path, path)
}

function ofValidation(
  validation: OpenApiSchema,
  node: OpenApiSchema | undefined,
  at: string,
  because: string,
): FieldError[] {
  if (node === undefined) return [required(at, `because it is defined in ${because}`)]
  const not = validation['not'] as OpenApiSchema | undefined
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((keyword) =>
    ((validation[keyword] ?? []) as OpenApiSchema[]).flatMap((one, index) =>
      ofNested(one, node, at, `${because}.${keyword}[${index}]`),
    ),
  )
  return [...(not === undefined ? [] : ofNested(not, node, at, `${because}.not`)), ...lists]
}

function ofNested(nested: OpenApiSchema, node: OpenApiSchema | undefined, at: string, because: string): FieldError[] {
  if (node === undefined) return [required(at, `because it is defined in ${because}`)]
  const { items, properties = {} } = nested
  return [
    ...ofValidation(nested, node, at, because),
    ...(items === undefined ? [] : ofNested(items, node.items, `${at}.items`, `${because}.items`)),
    ...Object.entries(properties).flatMap(([key, child]) => {
      const own = Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[key] : undefined
      return ofNested(child, own, `${at}.properties[${key}]`, `${because}.properties[${key}]`)
    }),
  ]
}
