import { getKey } from '../../json.ts'
import type { ObjectSchema, OpenApiSchema } from '../../schema/types.ts'
import { PatchError } from './patch-error.ts'

/** How lists of a field are patched: merged item by item, by `mergeKey` when they hold objects, or replaced. */
export type FieldPatch = { readonly schema: PatchSchema; readonly merge: boolean; readonly mergeKey: string }

/** What a type says about patches of its fields. */
export class PatchSchema {
  readonly #schema: OpenApiSchema
  readonly #name: string
  readonly #resolve: (schema: OpenApiSchema) => OpenApiSchema

  constructor({ openapi, resolve }: Pick<ObjectSchema, 'openapi' | 'resolve'>, name: string) {
    this.#schema = openapi
    this.#name = name
    this.#resolve = resolve
  }

  /** As Go names the kind of the type. */
  get kind(): string {
    const { type, properties, additionalProperties } = this.#schema
    if (properties !== undefined) return 'struct'
    if (type === 'array') return 'slice'
    return additionalProperties === undefined && type === 'object' ? 'struct' : 'map'
  }

  /** Of a field that holds an object. Throws PatchError for one that there is not. */
  field(name: string): FieldPatch {
    if (this.kind !== 'struct') {
      throw new PatchError(`merging an object in json but data type is not struct, instead is: ${this.kind}`)
    }
    const property = getKey(this.#schema.properties ?? {}, name)
    if (property === undefined) {
      throw new PatchError(`unable to find api field in struct ${this.#name} for the json field "${name}"`)
    }
    const strategies = (property['x-kubernetes-patch-strategy'] ?? '').split(',')
    return {
      schema: this.#of(property),
      merge: strategies.includes('merge'),
      mergeKey: property['x-kubernetes-patch-merge-key'] ?? '',
    }
  }

  /** Of a field that holds a list; the schema is that of its items. Throws PatchError. */
  list(name: string): FieldPatch {
    const field = this.field(name)
    const { items, type } = field.schema.#schema
    if (type !== 'array') throw new PatchError(`expected slice or array type, but got: ${this.kind}`)
    return { ...field, schema: field.schema.#of(items ?? {}) }
  }

  #of(schema: OpenApiSchema): PatchSchema {
    const ref = schema.$ref ?? schema.allOf?.[0]?.$ref ?? ''
    const name = ref.slice(ref.lastIndexOf('.') + 1)
    return new PatchSchema({ openapi: this.#resolve(schema), resolve: this.#resolve }, name)
  }
}
