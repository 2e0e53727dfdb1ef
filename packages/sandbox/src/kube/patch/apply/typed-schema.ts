import type { JsonValue } from '../../objects.ts'
import { resolver } from '../../schema/builtin-data.ts'
import type { ObjectSchema, OpenApiSchema } from '../../schema/types.ts'

/** How server-side apply sees a field: what it may hold, and whether that is owned as a whole or in parts. */
export type Atom = { readonly scalar?: Scalar; readonly list?: ListType; readonly map?: MapType }
export type Scalar = 'numeric' | 'string' | 'boolean' | 'untyped'
/** Items of an associative list are owned one by one; without `keys` it is a set. */
export type ListType = { readonly associative: boolean; readonly keys: readonly string[]; readonly element: FieldType }
/** `element` is the type of fields that are not named, undefined where there must not be any. */
export type MapType = {
  readonly fields: ReadonlyMap<string, NamedField>
  readonly element: FieldType | undefined
  readonly atomic: boolean
}
type NamedField = { readonly type: FieldType; readonly default: JsonValue | undefined }

/** The type of a field, worked out when it is first met: schemas may hold themselves. */
export class FieldType {
  readonly #make: () => Atom
  #atom: Atom | undefined

  constructor(make: () => Atom) {
    this.#make = make
  }

  get atom(): Atom {
    this.#atom ??= this.#make()
    return this.#atom
  }
}

/** Anything, in whole. */
const UNTYPED: FieldType = new FieldType(() => ({
  scalar: 'untyped',
  list: { associative: false, keys: [], element: UNTYPED },
  map: { fields: new Map(), element: UNTYPED, atomic: true },
}))
/** Anything; objects are owned field by field. */
const DEDUCED: FieldType = new FieldType(() => ({
  scalar: 'untyped',
  list: { associative: false, keys: [], element: UNTYPED },
  map: { fields: new Map(), element: DEDUCED, atomic: false },
}))

const OBJECT_META: OpenApiSchema = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }
const known = new WeakMap<ObjectSchema, FieldType>()

/** The type of whole objects of a schema, made once. */
export function objectType(schema: ObjectSchema): FieldType {
  const made = known.get(schema) ?? compileType(schema)
  known.set(schema, made)
  return made
}

function compileType({ openapi, resolve }: ObjectSchema): FieldType {
  const metadata = openapi.properties?.['metadata']
  if (metadata !== undefined && refOf(metadata) !== undefined) {
    return new Compiler((schema) => resolve(schema)).typeOf(openapi, false)
  }
  return new Compiler(resolver('', 'meta')).typeOf(withObjectFields(openapi), false)
}

/** What every object has, whatever the schema of a custom resource says about it. */
function withObjectFields(schema: OpenApiSchema): OpenApiSchema {
  const properties = {
    ...schema.properties,
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: OBJECT_META,
  }
  return { ...schema, properties }
}

function refOf({ $ref, allOf }: OpenApiSchema): string | undefined {
  return $ref ?? (allOf?.length === 1 ? allOf[0]?.$ref : undefined)
}

class Compiler {
  readonly #resolve: (schema: OpenApiSchema) => OpenApiSchema

  constructor(resolve: (schema: OpenApiSchema) => OpenApiSchema) {
    this.#resolve = resolve
  }

  /** `preserve` is inherited by what a schema holds, not by what it refers to. */
  typeOf(schema: OpenApiSchema, preserve: boolean): FieldType {
    const ref = refOf(schema)
    if (ref === undefined) return new FieldType(() => this.#atom(schema, preserve))
    if (ref.endsWith('.RawExtension')) return UNTYPED
    if (ref.endsWith('.resource.Quantity')) return new FieldType(() => ({ scalar: 'untyped' }))
    const mapType = schema['x-kubernetes-map-type']
    return new FieldType(() => {
      const atom = this.#atom(this.#resolve(schema), false)
      return mapType === undefined || atom.map === undefined
        ? atom
        : { ...atom, map: { ...atom.map, atomic: mapType === 'atomic' } }
    })
  }

  #atom(given: OpenApiSchema, inherited: boolean): Atom {
    const schema = given['x-kubernetes-embedded-resource'] === true ? withObjectFields(given) : given
    const preserve = inherited || schema['x-kubernetes-preserve-unknown-fields'] === true
    switch (schema.type) {
      case 'object':
        return { map: this.#map(schema, preserve) }
      case 'array':
        return { list: this.#list(schema, preserve) }
      case 'integer':
      case 'number':
        return { scalar: 'numeric' }
      case 'boolean':
        return { scalar: 'boolean' }
      case 'string':
        return { scalar: (schema.format ?? '') === '' || schema.format === 'byte' ? 'string' : 'untyped' }
      default:
        return { scalar: 'untyped', list: this.#list(schema, preserve), map: this.#map(schema, preserve) }
    }
  }

  #map(schema: OpenApiSchema, preserve: boolean): MapType {
    const fields = new Map<string, NamedField>()
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      fields.set(name, { type: this.typeOf(property, preserve), default: property.default })
    }
    return {
      fields,
      element: this.#element(schema, preserve),
      atomic: schema['x-kubernetes-map-type'] === 'atomic',
    }
  }

  #element({ additionalProperties, properties }: OpenApiSchema, preserve: boolean): FieldType | undefined {
    if (typeof additionalProperties === 'object') return this.typeOf(additionalProperties, preserve)
    if (additionalProperties !== undefined) return additionalProperties ? DEDUCED : undefined
    return preserve || Object.keys(properties ?? {}).length === 0 ? DEDUCED : undefined
  }

  #list(schema: OpenApiSchema, preserve: boolean): ListType {
    const element = schema.items === undefined ? UNTYPED : this.typeOf(schema.items, preserve)
    const listType = schema['x-kubernetes-list-type']
    if (listType !== undefined) {
      const keys = listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []
      return { associative: listType !== 'atomic', keys, element }
    }
    const mergeKey = schema['x-kubernetes-patch-merge-key']
    const associative = /^merge(,|$)/.test(schema['x-kubernetes-patch-strategy'] ?? '')
    return { associative, keys: associative && mergeKey !== undefined ? [mergeKey] : [], element }
  }
}

/** Whether a map has no named fields and takes any others: field sets of such are left as they are when a schema changes. */
export function isDeducedMap({ fields, element }: MapType): boolean {
  return fields.size === 0 && element !== undefined && (element === DEDUCED || element.atom.scalar === 'untyped')
}

/** The type of a field of a map. */
export function fieldType({ fields, element }: MapType, name: string): FieldType | undefined {
  return fields.get(name)?.type ?? element
}
