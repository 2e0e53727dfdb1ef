import type { FieldError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../objects.ts'

/** An OpenAPI v3 schema as Kubernetes writes it; `$ref`s (built-in types only) are resolved by `resolve`. */
export type OpenApiSchema = {
  type?: string
  format?: string
  description?: string
  nullable?: boolean
  default?: JsonValue
  properties?: Record<string, OpenApiSchema>
  additionalProperties?: OpenApiSchema | boolean
  items?: OpenApiSchema
  $ref?: string
  allOf?: OpenApiSchema[]
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: 'atomic' | 'granular'
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-validations'?: JsonObject[]
  [keyword: string]: unknown
}

/** The schema of one version of one type, compiled once. Its functions never change their input unless they say so. */
export interface ObjectSchema {
  /** The root schema with `$ref`s followed; walk it with `child`. */
  readonly openapi: OpenApiSchema
  /** Follows a `$ref` or a single-element `allOf` of one; returns the schema itself otherwise. */
  resolve(schema: OpenApiSchema): OpenApiSchema
  /** Drops unknown fields in place; returns their paths as `fieldValidation` reports them (`spec.foo`). */
  prune(object: JsonObject): string[]
  /** Fills defaults in place. */
  applyDefaults(object: JsonObject): void
  /**
   * Structural validation and CEL rules, with ratcheting against `old`; empty when valid. For a change of the `status`
   * subresource, only the status is looked at by its part of the schema. `warn` is told of rules that fail as they did before.
   */
  validate(object: JsonObject, old?: JsonObject, subresource?: string, warn?: (error: FieldError) => void): FieldError[]
  /** The resources that are embedded in an object, with their paths. */
  embedded(object: JsonObject): { resource: JsonObject; path: string }[]
}
