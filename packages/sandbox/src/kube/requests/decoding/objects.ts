import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import { goQuote } from '../../go-text.ts'
import { isObject, JsonSyntaxError } from '../../json.ts'
import type { JsonObject, JsonValue, KubeObject } from '../../objects.ts'
import { ProtobufError } from '../../protobuf/mod.ts'
import { valueText } from '../../schema/field-errors.ts'
import { decodeBuiltIn } from '../../schema/mod.ts'
import { apiVersionOf } from '../object-reader.ts'
import type { Scope } from '../scope.ts'
import { type Document, parseDocumentBody } from './documents.ts'
import { metadataTypeError } from './metadata-types.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'
export type Gvk = { group: string; version: string; kind: string }

/** What decoding found wrong, without the words around it, which depend on where the body came from. */
export class DecodeFailure extends Error {
  override readonly name = 'DecodeFailure'
}

const COMMON_FIELDS = ['apiVersion', 'kind', 'metadata']

/** Where kube-apiserver's scheme says that it was made. */
export const SCHEME = 'pkg/runtime/scheme.go:110'

/** What a document is to become an object of. */
export type Target = Pick<Scope, 'resource' | 'version' | 'subresource'>

/** The kind that a request's body has to be of. */
function expectedGvk({ resource, version, subresource }: Target): Gvk {
  const own = resource.subresources?.find(({ name }) => name === subresource)
  if (own !== undefined) return own
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  return { group: resource.group, version: version.name, kind: resource.kind }
}

/** Decodes the body of a create or an update. Throws StatusError 400. */
export function decodeBody(
  scope: Scope,
  body: Buffer,
  mediaType: string,
  validation: FieldValidation,
  warn: (text: string) => void,
): KubeObject {
  const expected = expectedGvk(scope)
  const read = readDocument(body, mediaType, expected)
  // Go reads a null into a struct as nothing.
  const document = read.value === null && isTyped(scope) ? { ...read, value: {} } : read
  const { value } = document
  if (!isObject(value)) throw unrecognized(notAnObject(value), body, expected)
  const { apiVersion } = value
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    throw unrecognized(`unexpected GroupVersion string: ${apiVersion}`, body, expected)
  }
  const named = gvkOf(value)
  const typed = isTyped(scope)
  // No schema is known of a version that the type does not have: to kube-apiserver all of its fields are unknown.
  const isForeign = !typed && named.version !== '' && !scope.resource.versions.has(named.version)
  const foreign = isForeign ? Object.keys(value).filter((key) => !COMMON_FIELDS.includes(key)) : []
  try {
    if (document.failure !== undefined) throw new DecodeFailure(document.failure)
    const { object, complaints } = decodeValue(scope, document, expected)
    const all = validation === 'Ignore' ? [] : isForeign ? foreign.map(unknownField) : complaints
    if (validation === 'Strict' && all.length > 0) throw new DecodeFailure(`strict decoding error: ${all.join(', ')}`)
    for (const text of all) warn(text)
    if (object.apiVersion !== apiVersionOf(expected.group, expected.version)) throw wrongVersion(object, expected)
    return object
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error
    const kind = named.kind === '' && typed ? expected.kind : named.kind
    if (kind === '') throw unrecognized(error.message, body, expected)
    const version = named.version === '' ? expected.version : named.version
    throw StatusError.badRequest(
      `${kind} in version ${goQuote(version)} cannot be handled as a ${expected.kind}: ${error.message}`,
    )
  }
}

/**
 * Makes an object of a parsed body or of a patched document: built-in kinds as their Go types take it, custom resources
 * pruned and defaulted. Throws DecodeFailure.
 */
export function decodeValue(
  scope: Target,
  { value, complaints }: Document,
  expected: Gvk = expectedGvk(scope),
): { object: KubeObject; complaints: string[] } {
  if (!isObject(value)) throw new DecodeFailure(notAnObject(value))
  if (isTyped(scope)) {
    const { object, unknown, error } = decodeBuiltIn(withDefaultKind(value, expected), expected)
    if (error !== undefined) throw new DecodeFailure(error)
    object['metadata'] ??= {}
    if (scope.resource.builtIn) scope.resource.strategy.applyDefaults?.(object as KubeObject)
    return { object: object as KubeObject, complaints: [...complaints, ...unknown.map(unknownField)] }
  }
  if (typeof value['kind'] !== 'string' || value['kind'] === '') {
    throw new DecodeFailure(`Object 'Kind' is missing in '${stringifyJson(value)}'`)
  }
  const wrong = metadataTypeError(value)
  if (wrong !== undefined) throw new DecodeFailure(wrong)
  const unknown = scope.version.schema.prune(value)
  refuseEmbedded(scope, value)
  scope.version.schema.applyDefaults(value)
  return { object: value as KubeObject, complaints: [...complaints, ...unknown.map(unknownField)] }
}

/**
 * As decodeValue for what an application makes of a custom resource, which no decoder sees: nothing is pruned, and nulls stay for
 * the validation to refuse. Throws DecodeFailure.
 */
export function completeApplied(scope: Scope, value: JsonObject): KubeObject {
  if (isTyped(scope)) return decodeValue(scope, { value, complaints: [] }).object
  const wrong = metadataTypeError(value)
  if (wrong !== undefined) throw new DecodeFailure(wrong)
  scope.version.schema.applyDefaults(value)
  return value as KubeObject
}

/** What is embedded has the type and the metadata of an object, too. Throws DecodeFailure. */
function refuseEmbedded({ version }: Target, value: JsonObject): void {
  for (const { resource, path } of version.schema.embedded(value)) {
    for (const key of ['apiVersion', 'kind']) {
      const member = resource[key]
      if (member === undefined || typeof member === 'string') continue
      throw new DecodeFailure(`${path}.${key}: Invalid value: ${valueText(member)}: must be a string`)
    }
    const { metadata } = resource
    const wrong = metadata === undefined ? undefined : metadataTypeError(resource)
    if (wrong !== undefined)
      throw new DecodeFailure(`${path}.metadata: Invalid value: ${valueText(metadata)}: ${wrong}`)
  }
}

/** Whether the body is of a Go type of Kubernetes' own. */
export function isTyped({ resource, subresource }: Target): boolean {
  return resource.builtIn || (subresource !== '' && subresource !== 'status')
}

/** Kind and apiVersion may be left out; other ones than the expected are refused. */
function withDefaultKind(value: JsonObject, expected: Gvk): JsonObject {
  const named = gvkOf(value)
  const kind = named.kind === '' ? expected.kind : named.kind
  const given = typeof value['apiVersion'] === 'string' ? value['apiVersion'] : ''
  const apiVersion = given === '' ? apiVersionOf(expected.group, expected.version) : given
  if (kind === expected.kind && apiVersion === apiVersionOf(expected.group, expected.version)) {
    return { ...value, kind, apiVersion }
  }
  if (
    kind !== expected.kind &&
    apiVersion === apiVersionOf(expected.group, expected.version) &&
    isKnown(kind, expected)
  ) {
    const group = expected.group.split('.')[0] || 'core'
    const pair = `converting (${expected.version}.${kind}) to (${group}.${expected.kind})`
    throw new DecodeFailure(`${pair}: unknown conversion`)
  }
  const version = goQuote(apiVersion)
  throw new DecodeFailure(`no kind ${goQuote(kind)} is registered for version ${version} in scheme ${goQuote(SCHEME)}`)
}

function isKnown(kind: string, { group, version }: Gvk): boolean {
  try {
    decodeBuiltIn({}, { group, version, kind })
    return true
  } catch {
    return false
  }
}

function readDocument(body: Buffer, mediaType: string, expected: Gvk): Document {
  try {
    return parseDocumentBody(body, mediaType)
  } catch (error) {
    if (error instanceof ProtobufError) throw unrecognized(error.message, body, expected)
    if (!(error instanceof JsonSyntaxError)) throw error
    const why = error.message.startsWith('yaml: ')
      ? error.message
      : `couldn't get version/kind; json parse error: ${error.message}`
    throw unrecognized(why, body, expected)
  }
}

function gvkOf(value: JsonObject): Gvk {
  const kind = typeof value['kind'] === 'string' ? value['kind'] : ''
  const parts = (typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '').split('/')
  return { group: parts.length > 1 ? parts[0]! : '', version: parts.at(-1)!, kind }
}

function unknownField(path: string): string {
  return `unknown field "${path}"`
}

function wrongVersion({ apiVersion }: KubeObject, { group, version }: Gvk): StatusError {
  const want = apiVersionOf(group, version)
  return StatusError.badRequest(
    `the API version in the data (${apiVersion ?? ''}) does not match the expected API version (${want})`,
  )
}

function unrecognized(why: string, body: Buffer, { kind }: Gvk): StatusError {
  return StatusError.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${summary(body)})`,
  )
}

/** The beginning of a body: as text when it looks like JSON, in hexadecimal otherwise. */
function summary(body: Buffer): string {
  if (body.length === 0) return '<empty>'
  const text = body.subarray(0, 30).toString(body[0] === 123 ? 'utf8' : 'hex')
  return body.length > 30 ? `${text} ...` : text
}

function notAnObject(value: JsonValue): string {
  const kind = Array.isArray(value) ? 'array' : typeof value
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${kind} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`
}
