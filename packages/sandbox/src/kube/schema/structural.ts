import type { JsonObject, JsonValue } from '../objects.ts'
import type { OpenApiSchema } from './types.ts'

/** One node of a schema's structural spine, with what its subtree holds, so that walks leave out what has nothing to do. */
export type Structural = {
  readonly schema: OpenApiSchema
  readonly type: string
  readonly nullable: boolean
  readonly default: JsonValue | undefined
  readonly properties: ReadonlyMap<string, Structural> | undefined
  /** Present for `additionalProperties` of any form; `node` only where that is a schema. */
  readonly additional: { readonly node: Structural | undefined } | undefined
  readonly items: Structural | undefined
  readonly preserve: boolean
  readonly embedded: boolean
  readonly intOrString: boolean
  readonly listType: string | undefined
  readonly mapKeys: readonly string[]
  readonly rules: readonly JsonObject[]
  /** Itself or something below. */
  readonly has: Readonly<Record<Feature, boolean>>
}

type Feature = 'defaults' | 'listTypes' | 'embedded' | 'rules'

/** `resolve` follows `$ref`s; cycles (JSONSchemaProps) are closed by building a schema's node once. */
export function structuralOf(
  schema: OpenApiSchema,
  resolve: (schema: OpenApiSchema) => OpenApiSchema = (given) => given,
): Structural {
  const known = new Map<OpenApiSchema, Structural>()
  const build = (given: OpenApiSchema): Structural => {
    const target = resolve(given)
    return known.get(target) ?? fill(target)
  }
  const fill = (target: OpenApiSchema): Structural => {
    const node = shallow(target) as { -readonly [K in keyof Structural]: Structural[K] }
    known.set(target, node)
    const { properties, additionalProperties, items } = target
    if (properties !== undefined) {
      node.properties = new Map(Object.entries(properties).map(([key, property]) => [key, build(property)]))
    }
    if (additionalProperties !== undefined) {
      node.additional = {
        node: typeof additionalProperties === 'object' ? build(additionalProperties) : undefined,
      }
    }
    if (items !== undefined) node.items = build(items)
    node.has = featuresOf(node)
    return node
  }
  return build(schema)
}

function shallow(schema: OpenApiSchema): Structural {
  return {
    schema,
    type: schema.type ?? '',
    nullable: schema.nullable === true,
    default: schema.default ?? undefined,
    properties: undefined,
    additional: undefined,
    items: undefined,
    preserve: schema['x-kubernetes-preserve-unknown-fields'] === true,
    embedded: schema['x-kubernetes-embedded-resource'] === true,
    intOrString: schema['x-kubernetes-int-or-string'] === true,
    listType: schema['x-kubernetes-list-type'],
    mapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    rules: schema['x-kubernetes-validations'] ?? [],
    has: { defaults: false, listTypes: false, embedded: false, rules: false },
  }
}

function featuresOf(node: Structural): Record<Feature, boolean> {
  const children = childrenOf(node)
  const below = (feature: Feature) => children.some((child) => child.has[feature])
  return {
    defaults: children.some((child) => child.default !== undefined) || below('defaults'),
    listTypes: (node.listType ?? 'atomic') !== 'atomic' || below('listTypes'),
    embedded: node.embedded || below('embedded'),
    rules: node.rules.length > 0 || below('rules'),
  }
}

function childrenOf({ properties, additional, items }: Structural): Structural[] {
  return [...(properties?.values() ?? []), additional?.node, items].filter((child) => child !== undefined)
}
