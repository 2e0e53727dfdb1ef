import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import { deepClone, isObject } from '../../json.ts'
import type { JsonObject, JsonValue, KubeObject } from '../../objects.ts'
import { goShape } from '../../protobuf/go-shape.ts'
import type { Resource, ResourceVersion } from '../../resource.ts'
import { builtInSchema, compileSchema, type ObjectSchema, type OpenApiSchema } from '../../schema/mod.ts'

/** What stands in the vectors for an answer: an object or a Status. */
export type Answer = JsonObject

export function vectors<T>(file: string): T {
  return parseJson(readFileSync(new URL(file, import.meta.url), 'utf8')) as T
}

const definitions = vectors<Record<string, Record<string, OpenApiSchema>>>('definitions.json')
const resources = new Map<string, Resource>()

/** The type of a vector, with as much as patches look at. */
export function resourceOf(kind: string, apiVersion: string): Resource {
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const key = `${group}/${kind}`
  const known = resources.get(key) ?? makeResource(group, version, kind)
  resources.set(key, known)
  return known
}

function makeResource(group: string, version: string, kind: string): Resource {
  const builtIn = group !== 'vectors.example.io'
  const plural = `${kind.toLowerCase()}s`
  const names = builtIn ? [version] : ['v1', 'v1beta1']
  const versions = names.map((name): [string, ResourceVersion] => {
    const gvk = { group, version: name, kind }
    const openapi: OpenApiSchema = { type: 'object', properties: definitions[plural] ?? {} }
    const schema = builtIn ? builtInSchema(group, name, kind) : compileSchema(openapi, gvk)
    return [name, { name, served: true, schema, status: kind === 'Widget', columns: [], selectableFields: [] }]
  })
  return {
    ...{ group, resource: plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, namespaced: true },
    ...{ shortNames: [], categories: [], verbs: [], storage: plural, storageVersion: 'v1', builtIn, strategy: {} },
    versions: new Map(versions),
  }
}

export function schemaOf(resource: Resource, apiVersion: string): ObjectSchema {
  return resource.versions.get(apiVersion.slice(apiVersion.indexOf('/') + 1))!.schema
}

/** An object as the server has it after decoding: without what the schema does not know, with defaults. */
export function decoded(object: JsonObject, resource: Resource): KubeObject {
  const result = deepClone(object) as KubeObject
  const schema = schemaOf(resource, result.apiVersion)
  schema.prune(result as JsonObject)
  if (resource.builtIn) goShape(result)
  else schema.applyDefaults(result as JsonObject)
  return result
}

/** Without what the recorder takes away, and with managedFields as `show` wants them. */
export function comparable(object: KubeObject, show: (time: string) => JsonValue): JsonObject {
  const copy = deepClone(object) as JsonObject
  const metadata = copy['metadata'] as JsonObject
  for (const name of ['uid', 'resourceVersion', 'creationTimestamp', 'generation']) delete metadata[name]
  const { managedFields } = metadata
  if (Array.isArray(managedFields)) {
    if (managedFields.length === 0) delete metadata['managedFields']
    for (const entry of managedFields) {
      if (isObject(entry) && typeof entry['time'] === 'string') entry['time'] = show(entry['time'])
    }
  }
  return copy
}

/** The answer of a step, be it a refusal. */
export function answerOf(step: () => JsonObject): JsonObject {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const { status, message, reason, details, code } = error.status
    return deepClone({ status, message, reason, details, code }) as unknown as JsonObject
  }
}

/** Refusals whose causes come from a map have them in any order in Go. */
export function isRefusal(answer: Answer): boolean {
  return answer['status'] === 'Failure'
}
