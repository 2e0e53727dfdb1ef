import type { JsonObject } from '../../../kube/objects.ts'
import { decodeBuiltIn, type OpenApiSchema } from '../../../kube/schema/mod.ts'

const DEFINITION = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }
const PLACE = 'spec.versions.schema.openAPIV3Schema.'

type Definition = { spec: { versions: [{ schema: { openAPIV3Schema?: OpenApiSchema } }] } }

/** The schema of a version as Go's JSONSchemaProps takes it, without nulls; or why it cannot be read, in Go's words. */
export function readSchema(given: OpenApiSchema): { schema: OpenApiSchema; error?: string } {
  // Any kind that holds one will do: it stands nowhere by itself.
  const holder: Definition = { spec: { versions: [{ schema: { openAPIV3Schema: given } }] } }
  const { object, error } = decodeBuiltIn(holder as JsonObject, DEFINITION)
  if (error !== undefined) return { schema: {}, error: error.replace(PLACE, '') }
  return { schema: (object as Definition).spec.versions[0].schema.openAPIV3Schema ?? {} }
}
