import { stringifyJson } from '@resource-broker/json'
import { type FieldError, StatusError } from '../../errors.ts'
import { isObject, JsonSyntaxError } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { jsonPatch, mergePatch, serverSideApply, strategicMergePatch } from '../../patch/mod.ts'
import { invalid } from '../../schema/field-errors.ts'
import { type Document, parseJsonBody, parseYaml } from '../decoding/documents.ts'
import { completeApplied, DecodeFailure, decodeValue, type FieldValidation, isTyped } from '../decoding/objects.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { track } from './managed-fields.ts'
import { ensureNamespace } from './metadata.ts'
import { requestApiVersion, type Written } from './saving.ts'
import { updateObject } from './update.ts'

export const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
export const APPLY_PATCH = 'application/apply-patch+yaml'

/** A patch as it came, and how strictly it is taken. */
export type Patch = { type: string; body: Buffer; fieldValidation: FieldValidation; force: boolean }

/** The patch types that a type takes. */
export function patchTypes(builtIn: boolean): readonly string[] {
  return builtIn ? [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH] : [JSON_PATCH, MERGE_PATCH, APPLY_PATCH]
}

/** Applies a patch to an object; server-side apply creates it when it is not there. Throws StatusError. */
export function patchObject(scope: Scope, name: string, patch: Patch, options: WriteOptions): Written {
  const change = patchOf(scope, name, patch, options)
  const isApply = patch.type === APPLY_PATCH
  return updateObject(scope, name, change, { ...options, forceCreate: isApply, undecoded: isApply })
}

/** What a patch makes of the present object; it may be called once. Throws StatusError. */
export function patchOf(
  scope: Scope,
  name: string,
  patch: Patch,
  options: WriteOptions,
): (old: KubeObject | undefined) => KubeObject {
  const isApply = patch.type === APPLY_PATCH
  const document = isApply ? readApply(patch, options) : readPatch(patch)
  return (old) => {
    const next = isApply
      ? applied(scope, document, patch, options, old)
      : patched(scope, name, document, patch, options, old)
    if (old === undefined) refuseUid(scope, name, next)
    ensureNamespace(scope, next)
    checkName(next, name)
    return next
  }
}

/** Who names a uid means an object that is there. */
function refuseUid({ resource }: Scope, name: string, { metadata: { uid = '' } }: KubeObject): void {
  if (uid === '') return
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
  throw StatusError.conflict(resource, name, why)
}

/** Throws StatusError 400 when an object has not the name of the URL. */
export function checkName({ metadata }: KubeObject, name: string): void {
  const own = metadata.name ?? ''
  if (own === '') {
    const why = 'name must be provided'
    throw StatusError.badRequest(`the name of the object (${name} based on URL) was undeterminable: ${why}`)
  }
  if (own !== name) {
    throw StatusError.badRequest(`the name of the object (${own}) does not match the name on the URL (${name})`)
  }
}

function readPatch({ type, body }: Patch): Document {
  try {
    return parseJsonBody(body)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    throw StatusError.badRequest(type === STRATEGIC_PATCH ? error.message : `error decoding patch: ${error.message}`)
  }
}

function readApply({ body, fieldValidation }: Patch, { warn }: WriteOptions): Document {
  const document = parseApply(body)
  if (fieldValidation === 'Strict' && document.complaints.length > 0) {
    throw StatusError.badRequest(`error strict decoding YAML: ${document.complaints.join(', ')}`)
  }
  if (fieldValidation === 'Warn') for (const text of document.complaints) warn(text)
  return document
}

function parseApply(body: Buffer): Document {
  try {
    return parseYaml(body)
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    const prefix = error.message.startsWith('yaml: ') ? 'error converting YAML to JSON: ' : ''
    throw StatusError.badRequest(`error decoding YAML: ${prefix}${error.message}`)
  }
}

function patched(
  scope: Scope,
  name: string,
  { value, complaints }: Document,
  patch: Patch,
  options: WriteOptions,
  old: KubeObject | undefined,
): KubeObject {
  if (old === undefined) throw StatusError.notFound(scope.resource, name)
  const result = patchedValue(scope, patch.type, value, old)
  const prefixed = patch.type === JSON_PATCH ? complaints.map((text) => `json patch ${text}`) : complaints
  const object = redecode(scope, { value: result, complaints: prefixed }, patch, options)
  return track(scope, object, old, options)
}

function patchedValue(scope: Scope, type: string, patch: Document['value'], old: KubeObject): JsonObject {
  const target = old as JsonObject
  if (type === JSON_PATCH) return jsonPatch(target, patch)
  return type === MERGE_PATCH ? mergePatch(target, patch) : strategicMergePatch(target, patch, scope.version.schema)
}

/** A patched document is decoded as a body is; what is wrong with it is put down to the patch. */
function redecode(scope: Scope, document: Document, patch: Patch, { warn }: WriteOptions): KubeObject {
  // A failure of these comes when the document has been changed already; that of others comes before.
  const before = patch.fieldValidation === 'Strict' || isTyped(scope) ? shown(document) : undefined
  try {
    const { object, complaints } = decodeValue(scope, document)
    const all = patch.fieldValidation === 'Ignore' ? [] : complaints
    if (patch.fieldValidation === 'Strict' && all.length > 0) {
      throw new DecodeFailure(`strict decoding error: ${all.join(', ')}`)
    }
    for (const complaint of all) warn(complaint)
    return object
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error
    throw invalidPatch([invalid('patch', before ?? shown(document), error.message)])
  }
}

/** As Go writes it, with the keys of the map in order. */
function shown({ value }: Document): string {
  if (!isObject(value)) return ''
  return stringifyJson(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function invalidPatch(errors: readonly FieldError[]): StatusError {
  return StatusError.invalid('', '', '', errors)
}

function applied(
  scope: Scope,
  { value }: Document,
  patch: Patch,
  { manager }: WriteOptions,
  live: KubeObject | undefined,
): KubeObject {
  const config = configOf(value)
  const next = serverSideApply({
    ...(live !== undefined && { live }),
    config,
    manager,
    force: patch.force,
    subresource: scope.subresource,
    now: scope.deps.now(),
    schema: scope.version.schema,
    resource: scope.resource,
    expected: { apiVersion: requestApiVersion(scope), kind: scope.resource.kind },
  })
  return decodedResult(scope, next, config)
}

/** Throws StatusError 400 for what is no object. */
function configOf(value: Document['value']): KubeObject {
  if (!isObject(value)) throw StatusError.badRequest('error decoding YAML: the patch is no object')
  const config = { ...value, metadata: isObject(value['metadata']) ? { ...value['metadata'] } : {} } as KubeObject
  return { ...config, apiVersion: textOf(config.apiVersion), kind: textOf(config.kind) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function decodedResult(scope: Scope, next: KubeObject, config: KubeObject): KubeObject {
  try {
    return completeApplied(scope, next as JsonObject)
  } catch (error) {
    if (!(error instanceof DecodeFailure)) throw error
    if (!isTyped(scope)) throw StatusError.badRequest(error.message)
    throw unconvertible(config, error.message)
  }
}

/** What an application says that fits the schema but not the Go type. */
function unconvertible({ apiVersion, kind, metadata }: KubeObject, why: string): StatusError {
  const gvk = `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`
  const of = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${gvk}`
  const cause = why.startsWith('illegal base64') ? `error decoding from json: ${why}` : why
  const text = `unable to convert unstructured object to ${gvk}: ${cause}`
  return new StatusError(500, '', `failed to convert new object (${of}) to proper version: ${text}`)
}
