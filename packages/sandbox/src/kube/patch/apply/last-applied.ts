import { goJson } from '../../go-text.ts'
import { deepClone, getKey, isObject, parseJson, setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { compare } from './compare.ts'
import { difference, type FieldSet } from './field-set.ts'
import { ownedFields } from './owned-fields.ts'
import { typeErrors } from './validate.ts'
import type { Versions } from './versions.ts'

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
const MAX_ANNOTATIONS = 256 * 1024

/** The annotation in which `kubectl apply` keeps what it applied. */
export function hasLastApplied(object: JsonObject): boolean {
  return lastApplied(object) !== undefined
}

function lastApplied(object: JsonObject): string | undefined {
  const annotations = annotationsOf(object)
  const value = annotations && getKey(annotations, ANNOTATION)
  return typeof value === 'string' && value !== '' ? value : undefined
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = getKey(object, 'metadata')
  const annotations = isObject(metadata) ? getKey(metadata, 'annotations') : undefined
  return isObject(annotations) ? annotations : undefined
}

/** Brings the annotation of `object` up to date with `config`, in a copy of what it changes. */
export function writeLastApplied(object: JsonObject, config: JsonObject): void {
  const written = deepClone(config)
  const own = annotationsOf(written)
  if (own !== undefined) delete own[ANNOTATION]
  const annotations = { ...annotationsOf(object) }
  setKey(annotations, ANNOTATION, `${goJson(written)}\n`)
  if (sizeOf(annotations) > MAX_ANNOTATIONS) delete annotations[ANNOTATION]
  object['metadata'] = { ...(object['metadata'] as JsonObject), annotations }
}

function sizeOf(annotations: JsonObject): number {
  return Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  )
}

/** The fields that were applied on the client's side and are as they were applied; undefined when nothing tells. */
export function clientSideApplied(live: JsonObject, versions: Versions): FieldSet | undefined {
  const text = lastApplied(live)
  const applied = text === undefined ? undefined : parsed(text)
  const type = versions.typeOf(versions.apiVersion)
  if (!isObject(applied) || type === undefined || applied['apiVersion'] !== versions.apiVersion) return undefined
  if (typeErrors(live, type, false).length > 0 || typeErrors(applied, type, false).length > 0) return undefined
  const { removed, modified, added } = compare(applied, live, type)
  return [modified, added, removed].reduce(difference, ownedFields(applied, type))
}

function parsed(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
