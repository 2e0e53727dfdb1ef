import type { JsonObject, KubeObject } from '../../objects.ts'
import { goShape } from '../../protobuf/go-shape.ts'

const known = new Map<string, JsonObject>()

/**
 * What an object of a type is before anything is said about it: of built-in types, which are Go structs, it has what they
 * never leave out, such as an empty `spec`. Not to be changed.
 */
export function emptyObject(apiVersion: string, kind: string): JsonObject {
  const key = `${apiVersion} ${kind}`
  const made = known.get(key) ?? makeEmpty(apiVersion, kind)
  // Types of clients are without number.
  if (known.size < MAX_KNOWN) known.set(key, made)
  return made
}

const MAX_KNOWN = 1000

function makeEmpty(apiVersion: string, kind: string): JsonObject {
  const object = { apiVersion, kind } as KubeObject
  goShape(object, false)
  return object as JsonObject
}
