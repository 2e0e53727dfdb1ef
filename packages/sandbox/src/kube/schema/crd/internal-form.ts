import { InOrder } from '../../go-text.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import type { OpenApiSchema } from '../types.ts'

/** A field of a Go struct: its name there, its name in JSON, and what it is where it is absent or has a form of its own. */
type Field = readonly [string, string, unknown?, ((value: never) => unknown)?]

const schemaList = (list: OpenApiSchema[]) => list.map(internalSchema)
const schemaMap = (map: Record<string, OpenApiSchema>) =>
  Object.fromEntries(Object.entries(map).map(([key, schema]) => [key, internalSchema(schema)]))
const ruleList = (rules: JsonObject[]) => rules.map(internalRule)
const orBool = (given: OpenApiSchema | boolean) =>
  new InOrder([
    ['Allows', given !== false],
    ['Schema', typeof given === 'object' ? internalSchema(given) : null],
  ])
const orArray = (given: OpenApiSchema | OpenApiSchema[]) =>
  new InOrder([
    ['Schema', Array.isArray(given) ? null : internalSchema(given)],
    ['JSONSchemas', Array.isArray(given) ? given.map(internalSchema) : null],
  ])

const SCHEMA: readonly Field[] = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref'],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default'],
  ['Maximum', 'maximum'],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum'],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength'],
  ['MinLength', 'minLength'],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems'],
  ['MinItems', 'minItems'],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf'],
  ['Enum', 'enum'],
  ['MaxProperties', 'maxProperties'],
  ['MinProperties', 'minProperties'],
  ['Required', 'required'],
  ['Items', 'items', null, orArray],
  ['AllOf', 'allOf', null, schemaList],
  ['OneOf', 'oneOf', null, schemaList],
  ['AnyOf', 'anyOf', null, schemaList],
  ['Not', 'not', null, internalSchema],
  ['Properties', 'properties', null, schemaMap],
  ['AdditionalProperties', 'additionalProperties', null, orBool],
  ['PatternProperties', 'patternProperties', null, schemaMap],
  ['Dependencies', 'dependencies'],
  ['AdditionalItems', 'additionalItems', null, orBool],
  ['Definitions', 'definitions', null, schemaMap],
  ['ExternalDocs', 'externalDocs'],
  ['Example', 'example'],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields'],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys'],
  ['XListType', 'x-kubernetes-list-type'],
  ['XMapType', 'x-kubernetes-map-type'],
  ['XValidations', 'x-kubernetes-validations', null, ruleList],
]

const RULE: readonly Field[] = [
  ['Rule', 'rule', ''],
  ['Message', 'message', ''],
  ['MessageExpression', 'messageExpression', ''],
  ['Reason', 'reason'],
  ['FieldPath', 'fieldPath', ''],
  ['OptionalOldSelf', 'optionalOldSelf'],
]

const COLUMN: readonly Field[] = [
  ['Name', 'name', ''],
  ['Type', 'type', ''],
  ['Format', 'format', ''],
  ['Description', 'description', ''],
  ['Priority', 'priority', 0],
  ['JSONPath', 'jsonPath', ''],
]

const SCALE: readonly Field[] = [
  ['SpecReplicasPath', 'specReplicasPath', ''],
  ['StatusReplicasPath', 'statusReplicasPath', ''],
  ['LabelSelectorPath', 'labelSelectorPath'],
]

const SUBRESOURCES: readonly Field[] = [
  ['Status', 'status', null, () => new InOrder([])],
  ['Scale', 'scale', null, (scale) => inForm(SCALE, scale)],
]

const VERSION: readonly Field[] = [
  ['Name', 'name', ''],
  ['Served', 'served', false],
  ['Storage', 'storage', false],
  ['Deprecated', 'deprecated', false],
  ['DeprecationWarning', 'deprecationWarning'],
  [
    'Schema',
    'schema',
    null,
    ({ openAPIV3Schema }: { openAPIV3Schema?: OpenApiSchema }) =>
      new InOrder([['OpenAPIV3Schema', openAPIV3Schema === undefined ? null : internalSchema(openAPIV3Schema)]]),
  ],
  ['Subresources', 'subresources', null, (given) => inForm(SUBRESOURCES, given)],
  [
    'AdditionalPrinterColumns',
    'additionalPrinterColumns',
    null,
    (list: JsonObject[]) => list.map((one) => inForm(COLUMN, one)),
  ],
  [
    'SelectableFields',
    'selectableFields',
    null,
    (list: JsonObject[]) => list.map(({ jsonPath }) => new InOrder([['JSONPath', jsonPath]])),
  ],
]

/** How kube-apiserver shows its internal types in messages: Go's names of the fields, all of them, in Go's order. */
function inForm(fields: readonly Field[], value: JsonObject): InOrder {
  return new InOrder(
    fields.map(([name, key, absent = null, form]) => {
      const given = Object.hasOwn(value, key) ? value[key] : undefined
      if (given === undefined || given === null) return [name, absent]
      return [name, form === undefined ? given : form(given as never)]
    }),
  )
}

export function internalSchema(schema: OpenApiSchema): InOrder {
  return inForm(SCHEMA, schema as JsonObject)
}

export function internalRule(rule: JsonObject): InOrder {
  return inForm(RULE, rule)
}

export function internalVersions(versions: readonly JsonValue[]): InOrder[] {
  return versions.map((version) => inForm(VERSION, version as JsonObject))
}
