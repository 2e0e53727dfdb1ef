import { getKey, isObject, setKey } from './json.ts'
import type { JsonObject, JsonValue } from './objects.ts'

/** The names in a path such as `.spec.name.first`, with or without the first dot. */
export function namesIn(path: string): string[] {
  return path.replace(/^\./, '').split('.')
}

/** The value at a path, or at the names in one; undefined where there is none. */
export function valueAt(object: object, path: string | readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object as JsonObject
  for (const name of typeof path === 'string' ? namesIn(path) : path)
    value = isObject(value) ? getKey(value, name) : undefined
  return value
}

/** Sets the value at a path, in place, with the objects that it takes to get there. */
export function setAt(object: object, path: string, value: JsonValue): void {
  const names = namesIn(path)
  let holder = object as JsonObject
  for (const name of names.slice(0, -1)) {
    const next = getKey(holder, name)
    const child: JsonObject = isObject(next) ? next : {}
    setKey(holder, name, child)
    holder = child
  }
  setKey(holder, names.at(-1)!, value)
}
