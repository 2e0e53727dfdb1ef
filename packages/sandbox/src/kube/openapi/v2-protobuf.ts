import { readFileSync } from 'node:fs'
import { parseJson, stringifyJson } from '@resource-broker/json'
import protobuf from 'protobufjs'
import type { JsonObject, JsonValue } from '../objects.ts'

const DESCRIPTION = new URL('../../../data/openapi-v2-proto.json', import.meta.url)
/** Fields whose values stand in the protobuf form as YAML text. */
const ANY = new Set(['default', 'example'])
const SCALARS: Readonly<Record<string, string>> = {
  $ref: '_ref',
  multipleOf: 'multiple_of',
  exclusiveMaximum: 'exclusive_maximum',
  exclusiveMinimum: 'exclusive_minimum',
  maxLength: 'max_length',
  minLength: 'min_length',
  maxItems: 'max_items',
  minItems: 'min_items',
  uniqueItems: 'unique_items',
  maxProperties: 'max_properties',
  minProperties: 'min_properties',
}
const PLAIN = ['format', 'title', 'description', 'maximum', 'minimum', 'pattern', 'required']
let document: protobuf.Type | undefined

/** A Swagger 2.0 document in gnostic's protobuf form, `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
export function openApiV2Protobuf(openapi: JsonObject): Buffer {
  document ??= protobuf.Root.fromJSON(parseJson(readFileSync(DESCRIPTION, 'utf8'))).lookupType('openapi.v2.Document')
  const message = document.fromObject({
    swagger: openapi['swagger'],
    info: openapi['info'],
    paths: { path: named(openapi['paths'], pathItem) },
    definitions: { additional_properties: named(openapi['definitions'], schema) },
    security: [{ additional_properties: [{ name: 'BearerToken', value: {} }] }],
    security_definitions: {
      additional_properties: named(openapi['securityDefinitions'], (value) => ({ api_key_security: value })),
    },
  })
  return Buffer.from(document.encode(message).finish())
}

function named(record: JsonValue | undefined, convert: (value: JsonObject) => object): object[] {
  return Object.entries((record ?? {}) as Record<string, JsonObject>).map(([name, value]) => ({
    name,
    value: convert(value),
  }))
}

function extensions(value: JsonObject): object[] {
  return Object.entries(value)
    .filter(([key]) => key.startsWith('x-'))
    .map(([name, content]) => ({ name, value: { yaml: `${stringifyJson(content)}\n` } }))
}

function pathItem(item: JsonObject): object {
  const methods = ['get', 'put', 'post', 'delete', 'patch'].filter((method) => item[method] !== undefined)
  return {
    ...Object.fromEntries(methods.map((method) => [method, operation(item[method] as JsonObject)])),
    parameters: ((item['parameters'] ?? []) as JsonObject[]).map(parameter),
  }
}

function operation(value: JsonObject): object {
  const { tags, description, operationId, produces, consumes, schemes, parameters, responses } = value
  return {
    tags,
    description,
    operation_id: operationId,
    produces,
    consumes,
    schemes,
    parameters: ((parameters ?? []) as JsonObject[]).map(parameter),
    responses: {
      response_code: named(responses, ({ description: text, schema: body }) => ({
        response: { description: text, ...(body !== undefined && { schema: { schema: schema(body as JsonObject) } }) },
      })),
    },
    vendor_extension: extensions(value),
  }
}

function parameter(value: JsonObject): object {
  const { name, description, required, type, uniqueItems } = value
  if (value['in'] === 'body') {
    return {
      parameter: {
        body_parameter: { name, description, in: 'body', required, schema: schema(value['schema'] as JsonObject) },
      },
    }
  }
  const plain = { name, description, in: value['in'], required, type, unique_items: uniqueItems }
  const form = value['in'] === 'path' ? 'path_parameter_sub_schema' : 'query_parameter_sub_schema'
  return { parameter: { non_body_parameter: { [form]: plain } } }
}

function schema(value: JsonObject): object {
  const { type, properties, items, additionalProperties, enum: allowed } = value
  const converted: Record<string, unknown> = { vendor_extension: extensions(value) }
  for (const key of PLAIN) if (value[key] !== undefined) converted[key] = value[key]
  for (const [key, name] of Object.entries(SCALARS)) if (value[key] !== undefined) converted[name] = value[key]
  for (const key of ANY) if (value[key] !== undefined) converted[key] = any(value[key] as JsonValue)
  if (Array.isArray(allowed)) converted['enum'] = allowed.map(any)
  if (type !== undefined) converted['type'] = { value: [type] }
  if (properties !== undefined) converted['properties'] = { additional_properties: named(properties, schema) }
  if (items !== undefined) converted['items'] = { schema: [schema(items as JsonObject)] }
  if (typeof additionalProperties === 'boolean') converted['additional_properties'] = { boolean: additionalProperties }
  else if (additionalProperties !== undefined) {
    converted['additional_properties'] = { schema: schema(additionalProperties as JsonObject) }
  }
  return converted
}

const any = (value: JsonValue): object => ({ yaml: `${stringifyJson(value)}\n` })
