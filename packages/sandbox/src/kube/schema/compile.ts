import type { FieldError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { resolver } from './builtin-data.ts'
import { type CelValidator, celValidatorOf } from './cel/validator.ts'
import { type Check, compileCheck } from './check.ts'
import { Correlation } from './correlation.ts'
import { applyDefaults } from './defaults.ts'
import { validateEmbedded } from './embedded.ts'
import { explain } from './explain.ts'
import { invalid } from './field-errors.ts'
import { validateListTypes } from './list-types.ts'
import { pruneMetadata } from './metadata.ts'
import { eachEmbedded, prune, pruneNulls } from './prune.ts'
import { type Structural, structuralOf } from './structural.ts'
import type { ObjectSchema, OpenApiSchema } from './types.ts'
import { withoutUnknownFormats } from './unknown-formats.ts'

type Compiled = { node: Structural; checked: OpenApiSchema; check: Check; cel: CelValidator | undefined }
type Gvk = { group: string; version: string; kind: string }

/**
 * Compiles the structural schema of one version of a custom resource. Pruning, defaulting and validation follow
 * kube-apiserver 1.34; the schema is taken as valid (`validateCrd`, `validateSchemaProps`).
 */
export function compileSchema(openapi: OpenApiSchema, _gvk: Gvk): ObjectSchema {
  return new CompiledSchema(openapi)
}

const resolveMeta = resolver('', '')

/** Errors after which rules are not run: they could not rely on the types. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])

class CompiledSchema implements ObjectSchema {
  readonly openapi: OpenApiSchema
  #lazy: Compiled | undefined

  constructor(openapi: OpenApiSchema) {
    this.openapi = openapi
  }

  /** Custom resources refer to nothing; those who lay ObjectMeta beside a schema have its references followed. */
  resolve(schema: OpenApiSchema): OpenApiSchema {
    return resolveMeta(schema)
  }

  prune(object: JsonObject): string[] {
    const { node } = this.#compiled()
    const unknown = [...pruneMetadata(object), ...prune(object, node, true)]
    pruneNulls(object, withoutMeta(node))
    eachEmbedded(object, node, (resource, path) => unknown.push(...pruneMetadata(resource, path)))
    return unknown
  }

  applyDefaults(object: JsonObject): void {
    applyDefaults(object, this.#compiled().node)
  }

  embedded(object: JsonObject): { resource: JsonObject; path: string }[] {
    const found: { resource: JsonObject; path: string }[] = []
    eachEmbedded(object, this.#compiled().node, (resource, path) => found.push({ resource, path }))
    return found
  }

  validate(object: JsonObject, old?: JsonObject, subresource = '', warn?: (error: FieldError) => void): FieldError[] {
    const { node, cel } = this.#compiled()
    const correlation = old === undefined ? undefined : new Correlation(object, old, this.openapi, true)
    const errors = [
      ...(subresource === 'status' ? this.#explainStatus(object, correlation) : this.#explain(object, correlation)),
      ...(subresource === 'status' ? [] : validateEmbedded(object, node)),
      ...this.#listErrors(object, old),
    ]
    if (cel === undefined) return errors
    if (errors.some(({ type }) => BLOCKING.has(type))) return [...errors, unchecked()]
    return [...errors, ...cel.validate(object, old, correlation, { warn })]
  }

  /** Lists that were wrong before may stay wrong. */
  #listErrors(object: JsonObject, old: JsonObject | undefined): FieldError[] {
    const { node } = this.#compiled()
    const errors = validateListTypes(object, node)
    return errors.length > 0 && old !== undefined && validateListTypes(old, node).length > 0 ? [] : errors
  }

  #explain(object: JsonObject, correlation: Correlation | undefined): FieldError[] {
    const { check, checked } = this.#compiled()
    return check(object) ? [] : explain(checked, object, '', correlation)
  }

  /** Only the status is looked at, by its part of the schema. */
  #explainStatus(object: JsonObject, correlation: Correlation | undefined): FieldError[] {
    const { checked } = this.#compiled()
    const schema = checked.properties?.['status']
    if (schema === undefined || !Object.hasOwn(object, 'status')) return []
    return explain(schema, object['status'] as JsonValue, 'status', correlation?.key('status'))
  }

  #compiled(): Compiled {
    if (this.#lazy !== undefined) return this.#lazy
    const node = structuralOf(this.openapi)
    const checked = withoutUnknownFormats(this.openapi)
    this.#lazy = { node, checked, check: compileCheck(checked), cel: celValidatorOf(node, true) }
    return this.#lazy
  }
}

/** Nulls in a resource's own metadata are not the schema's to judge. */
function withoutMeta(node: Structural): Structural {
  if (!node.properties?.has('metadata')) return node
  const properties = new Map(node.properties)
  properties.delete('metadata')
  return { ...node, properties }
}

function unchecked(): FieldError {
  return invalid(
    '<nil>',
    null,
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  )
}
