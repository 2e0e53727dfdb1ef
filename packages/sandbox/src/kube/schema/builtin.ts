import type { JsonObject } from '../objects.ts'
import { componentOf, refOf, resolver } from './builtin-data.ts'
import { prune } from './prune.ts'
import { type Structural, structuralOf } from './structural.ts'
import type { ObjectSchema, OpenApiSchema } from './types.ts'

const known = new Map<string, ObjectSchema>()
/** Read by their own decoders: their OpenAPI type does not say all that they take. */
const OPAQUE = ['FieldsV1', 'JSON', 'JSONSchemaPropsOrBool', 'JSONSchemaPropsOrArray', 'RawExtension']

/**
 * The schema of a built-in kind, from what a real kube-apiserver publishes; made once. Built-in types are decoded into Go
 * structs: unknown fields are dropped, what a field may hold is checked by the type's strategy, and defaults are the
 * strategy's too, so `applyDefaults` and `validate` do nothing. Throws for a kind that is not built in.
 */
export function builtInSchema(group: string, version: string, kind: string): ObjectSchema {
  const key = `${group}/${version}/${kind}`
  const made = known.get(key) ?? new BuiltInSchema(group, version, kind)
  known.set(key, made)
  return made
}

class BuiltInSchema implements ObjectSchema {
  readonly openapi: OpenApiSchema
  readonly resolve: (schema: OpenApiSchema) => OpenApiSchema
  #structural: Structural | undefined

  constructor(group: string, version: string, kind: string) {
    const component = componentOf({ group, version, kind })
    if (component === undefined) throw new Error(`no built-in kind ${kind} in ${group}/${version}`)
    this.openapi = component.schema
    this.resolve = resolver(group, version)
  }

  prune(object: JsonObject): string[] {
    this.#structural ??= structuralOf(this.openapi, (schema) => this.#forPruning(schema))
    return prune(object, this.#structural, false)
  }

  applyDefaults(): void {}

  validate(): [] {
    return []
  }

  embedded(): [] {
    return []
  }

  /** A struct's own fields are all that it has; what no schema describes is kept. */
  #forPruning(schema: OpenApiSchema): OpenApiSchema {
    const name = refOf(schema)?.split('.').at(-1) ?? ''
    if (OPAQUE.includes(name)) return ANYTHING
    const target = this.resolve(schema)
    const open =
      target.type === 'object' && target.properties === undefined && target.additionalProperties === undefined
    return open || (target.type === undefined && target.properties === undefined) ? ANYTHING : target
  }
}

const ANYTHING: OpenApiSchema = { 'x-kubernetes-preserve-unknown-fields': true }
