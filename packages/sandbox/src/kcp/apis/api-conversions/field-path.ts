import { getKey, isObject, setKey } from '../../../kube/json.ts'
import type { JsonObject, JsonValue } from '../../../kube/objects.ts'

/** The names in a path such as `.spec.name.first`, with or without the first dot. */
export function namesIn(path: string): string[] {
  return path.replace(/^\./, '').split('.')
}

/** The value at a path; undefined where there is none. */
export function valueAt(object: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = object
  for (const name of namesIn(path)) value = isObject(value) ? getKey(value, name) : undefined
  return value
}

/** Sets the value at a path, in place, with the objects that it takes to get there. */
export function setAt(object: JsonObject, path: string, value: JsonValue): void {
  const names = namesIn(path)
  let holder = object
  for (const name of names.slice(0, -1)) {
    const next = getKey(holder, name)
    const child: JsonObject = isObject(next) ? next : {}
    setKey(holder, name, child)
    holder = child
  }
  setKey(holder, names.at(-1)!, value)
}
