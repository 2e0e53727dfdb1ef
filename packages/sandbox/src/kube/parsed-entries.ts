import type { Entry } from '../store/types.ts'
import { parseOwnJson } from './json.ts'
import type { KubeObject } from './objects.ts'

/**
 * Objects that are asked for with nearly every request, parsed once. An entry never changes: a write or a deletion puts another one,
 * or none, in its place, and what was kept goes away with it.
 */
export class ParsedEntries<T extends object = KubeObject> {
  readonly #objects = new WeakMap<Entry, T>()

  /** Shared, never to be changed. */
  of(entry: Entry): T {
    const known = this.#objects.get(entry)
    if (known !== undefined) return known
    const object = parseOwnJson<T>(entry.bytes)
    this.#objects.set(entry, object)
    return object
  }
}
