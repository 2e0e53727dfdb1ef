import { z } from 'zod'

type Schema = Record<string, unknown>

/** Keys of JSON Schema that a structural schema of Kubernetes may hold, besides `x-kubernetes-*`. */
const KEPT = new Set(
  [
    'type',
    'format',
    'description',
    'properties',
    'items',
    'additionalProperties',
    'required',
    'enum',
    'default',
  ].concat(['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'maxProperties', 'pattern']),
)

/**
 * The structural schema of a zod schema, as a CRD holds it.
 * Rules: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function structuralSchema(schema: z.ZodType): Schema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' }) as Schema)
}

function structural(schema: Schema): Schema {
  if (schema['x-kubernetes-int-or-string'] === true)
    return kept(schema, new Set(['description', 'maxLength', 'pattern']))
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return kept(schema, new Set(['type', 'description']))
  const result = kept(schema, KEPT)
  if (result['type'] === 'integer') {
    result['format'] = 'int64'
    // zod's bounds of a safe integer say nothing that int64 does not.
    for (const bound of ['minimum', 'maximum'])
      if (Math.abs(Number(result[bound])) === Number.MAX_SAFE_INTEGER) delete result[bound]
  }
  if (isSchema(result['properties'])) {
    result['properties'] = Object.fromEntries(
      Object.entries(result['properties']).map(([key, value]) => [key, structural(value as Schema)]),
    )
  }
  if (isSchema(result['items'])) result['items'] = structural(result['items'])
  if (isSchema(result['additionalProperties']))
    result['additionalProperties'] = structural(result['additionalProperties'])
  else delete result['additionalProperties']
  return result
}

function kept(schema: Schema, keys: ReadonlySet<string>): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => keys.has(key) || key.startsWith('x-kubernetes-')))
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
