import type { FieldError } from '../../errors.ts'
import { celCostOf } from '../cel/estimate.ts'
import { forbidden, invalid } from '../field-errors.ts'
import type { OpenApiSchema } from '../types.ts'
import { internalSchema } from './internal-form.ts'
import { validateKeywords } from './keywords.ts'
import { RuleChecker } from './rule-checker.ts'
import { validateDefaults } from './schema-defaults.ts'
import { validateStructure } from './structure.ts'

type Options = {
  /** Whether the status subresource is on: it limits what may stand at the root. */
  status?: boolean
}

/** With a status subresource, only these may stand at the root: the status is validated by its own part of the schema. */
const AT_ROOT: Readonly<Record<string, string>> = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
}

/**
 * What is wrong with the schema of one version of a custom resource, below `path`; empty where nothing is. Structure,
 * keywords, defaults and rules, in the words of kube-apiserver.
 */
export function validateSchemaProps(
  schema: OpenApiSchema,
  path: string,
  { status = false }: Options = {},
): FieldError[] {
  const errors = status ? rootErrors(schema, path) : []
  if (schema.nullable === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'))
  const structural = hasUnsupported(schema) ? [] : validateStructure(schema, path)
  errors.push(...structural)
  const defaults = structural.length > 0 || hasUnsupported(schema) ? [] : validateDefaults(schema, path)
  errors.push(...defaults)
  const sound = structural.length === 0 && defaults.length === 0 && !hasUnsupported(schema)
  const checker = new RuleChecker(schema, path, celCostOf)
  const keywords = validateKeywords(schema, path, { isRoot: true, onSpine: sound }, (node, at, place) =>
    checker.check(node, at, place),
  )
  return [...errors, ...keywords, ...checker.totalErrors()]
}

function rootErrors(schema: OpenApiSchema, path: string): FieldError[] {
  if ((schema.type ?? 'object') !== 'object') {
    const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
    return [invalid(`${path}.type`, schema.type, detail)]
  }
  if (Object.keys(schema).every((keyword) => keyword in AT_ROOT)) return []
  const names = Object.values(AT_ROOT).join(' ')
  const detail = `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`
  return [invalid(path, internalSchema(schema), detail)]
}

/** Keywords that a structural schema cannot be made of; they are reported by themselves. */
function hasUnsupported(schema: OpenApiSchema): boolean {
  const lists = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => (schema[keyword] ?? []) as OpenApiSchema[])
  const { items, additionalProperties, properties = {} } = schema
  const own = ['id', '$schema', '$ref', 'patternProperties', 'dependencies', 'additionalItems', 'definitions']
  if (own.some((keyword) => schema[keyword] !== undefined) || Array.isArray(items)) return true
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) return true
  const below = [...lists, ...Object.values(properties), schema['not'], items, additionalProperties]
  return below.some((one) => typeof one === 'object' && one !== null && hasUnsupported(one as OpenApiSchema))
}
