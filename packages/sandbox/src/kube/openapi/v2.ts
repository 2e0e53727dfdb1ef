import type { JsonObject, JsonValue } from '../objects.ts'
import type { Resource } from '../resource.ts'
import type { OpenApiSchema } from '../schema/types.ts'
import { componentsOf, REF, type Schemas } from './components.ts'
import { type PathItem, pathsOf } from './operations.ts'
import { pathsServing } from './v3.ts'

const DEFINITIONS = '#/definitions/'
const METHODS = ['get', 'put', 'post', 'delete', 'patch']
/** What Swagger 2.0 has no word for. */
const UNKNOWN_TO_V2 = ['anyOf', 'oneOf', 'not', 'nullable']

/** What `/openapi/v2` answers: every group-version in one Swagger 2.0 document. */
export function openApiV2(resources: readonly Resource[]): JsonObject {
  const definitions: Schemas = {}
  const paths: Record<string, PathItem> = {}
  const groupVersions = new Set(resources.flatMap(pathsServing))
  for (const path of groupVersions) {
    const members = resources.filter((resource) => pathsServing(resource).includes(path))
    const group = path.startsWith('api/') ? '' : (path.split('/')[1] ?? '')
    const version = path.split('/').at(-1) ?? ''
    Object.assign(definitions, componentsOf(members, group, version))
    for (const resource of members) Object.assign(paths, pathsOf(resource, version))
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: '1.34' },
    paths: mapValues(paths, toV2Path),
    definitions: mapValues(sorted(definitions), (schema) => toV2Schema(schema) as unknown as JsonObject),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  }
}

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/**
 * A schema as kube-apiserver publishes it in v2: what Swagger does not know is left out, with the types beside it, so that
 * clients that validate by it do not refuse what the server takes.
 */
function toV2Schema(schema: OpenApiSchema): OpenApiSchema {
  const reference = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  if (reference !== undefined) {
    const { description } = schema
    return { ...(description !== undefined && { description }), $ref: reference.replace(REF, DEFINITIONS) }
  }
  const { allOf: _allOf, properties, items, additionalProperties, ...rest } = schema
  const kept = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !UNKNOWN_TO_V2.includes(keyword)))
  if (schema.nullable === true || schema['x-kubernetes-int-or-string'] === true) return withoutType(kept)
  // Quantity and IntOrString, which v2 declares as what they are written as.
  const forms = (schema['oneOf'] ?? []) as OpenApiSchema[]
  if (forms.some(({ type }) => type === 'string')) return { ...kept, type: 'string' }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return kept
  return {
    ...kept,
    ...(properties !== undefined && { properties: mapValues(properties, toV2Schema) }),
    ...(items !== undefined && { items: toV2Schema(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: toV2Schema(additionalProperties) }),
    ...(additionalProperties === true && { additionalProperties }),
  }
}

function withoutType({ type: _type, ...rest }: OpenApiSchema): OpenApiSchema {
  return rest
}

function toV2Path(item: PathItem): JsonObject {
  const operations = METHODS.filter((method) => Object.hasOwn(item, method)).map(
    (method) => [method, toV2Operation(item[method] as JsonObject)] as const,
  )
  return {
    ...Object.fromEntries(operations),
    parameters: ((item['parameters'] ?? []) as JsonObject[]).map(toV2Parameter),
  }
}

function toV2Operation(operation: JsonObject): JsonObject {
  const { parameters = [], requestBody, responses, ...rest } = operation as Record<string, JsonObject & JsonValue[]>
  const body = (requestBody?.['content'] ?? {}) as Record<string, { schema: JsonObject }>
  const schema = Object.values(body)[0]?.schema
  const bodies: JsonObject[] =
    schema === undefined
      ? []
      : [
          {
            name: 'body',
            in: 'body',
            ...(requestBody?.['required'] === true && { required: true }),
            schema: toV2Ref(schema),
          },
        ]
  return {
    ...rest,
    consumes: Object.keys(body).length === 0 ? ['*/*'] : Object.keys(body),
    produces: producesOf(responses),
    schemes: ['https'],
    parameters: [...bodies, ...(parameters as JsonObject[]).map(toV2Parameter)],
    responses: mapValues(responses as Record<string, JsonValue>, (response) => toV2Response(response as JsonObject)),
  }
}

function producesOf(responses: JsonObject | undefined): string[] {
  return Object.keys(((responses?.['200'] as JsonObject | undefined)?.['content'] ?? {}) as JsonObject)
}

function toV2Response({ description = '', content }: JsonObject): JsonObject {
  const first = Object.values((content ?? {}) as Record<string, { schema: JsonObject }>)[0]
  return { description, ...(first !== undefined && { schema: toV2Ref(first.schema) }) }
}

function toV2Parameter({ schema, ...parameter }: JsonObject): JsonObject {
  return { ...parameter, ...(schema as JsonObject) }
}

const toV2Ref = (schema: JsonObject): JsonObject => toV2Schema(schema as OpenApiSchema) as unknown as JsonObject
