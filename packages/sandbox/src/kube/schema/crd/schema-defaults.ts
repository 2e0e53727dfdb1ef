import type { FieldError } from '../../errors.ts'
import { deepClone, deepEqual } from '../../json.ts'
import type { JsonValue } from '../../objects.ts'
import { celValidatorOf } from '../cel/validator.ts'
import { validateEmbedded } from '../embedded.ts'
import { explain } from '../explain.ts'
import { invalid } from '../field-errors.ts'
import { prune } from '../prune.ts'
import { structuralOf } from '../structural.ts'
import type { OpenApiSchema } from '../types.ts'
import { withoutUnknownFormats } from '../unknown-formats.ts'

/** Defaults have to hold nothing that would be pruned, and to be valid by the schema they stand in. */
export function validateDefaults(schema: OpenApiSchema, path: string, insideMeta = false): FieldError[] {
  const { items, properties = {} } = schema
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const meta = insideMeta && !embedded
  const own = (schema.default ?? null) === null ? [] : validateDefault(schema, schema.default as JsonValue, path, meta)
  return [
    ...own,
    ...(items === undefined ? [] : validateDefaults(items, `${path}.items`, meta)),
    ...Object.entries(properties).flatMap(([key, property]) => {
      const isMeta = embedded && ['metadata', 'apiVersion', 'kind'].includes(key)
      return validateDefaults(property, `${path}.properties[${key}]`, meta || isMeta)
    }),
  ]
}

function validateDefault(schema: OpenApiSchema, value: JsonValue, path: string, insideMeta: boolean): FieldError[] {
  const at = `${path}.default`
  const node = structuralOf(schema)
  const pruned = deepClone(value)
  prune(pruned, node, node.embedded)
  if (!insideMeta && !deepEqual(pruned, value)) return [invalid(at, value, 'must not have unknown fields')]
  const misplaced = insideMeta ? [] : validateEmbedded(value, node, at)
  if (misplaced.length > 0) return misplaced
  const errors = explain(withoutUnknownFormats(schema), value, at)
  if (errors.length > 0) return errors
  // Beside itself as the old value, so that transition rules are run too.
  return celValidatorOf(node, false)?.validate(value, value, undefined, { path: at }) ?? []
}
