import { parseJson, stringifyJson } from '@resource-broker/json'
import { StatusError } from '../errors.ts'
import { deepClone, deepEqual, getKey, hasKey, isDeeperThan, isObject, MAX_DEPTH, setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { goTypeOf, refusedPatch, unprocessable } from './errors.ts'
import { arrayIndex, PointerError, pointerSteps } from './json-pointer.ts'

const MAX_OPERATIONS = 10_000
/** Bytes that all copies of one patch may add. */
const MAX_COPIED = 3 * 1024 * 1024
/** What Go says about a result that is a list. */
const NO_OBJECT =
  'couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
const FIELDS = ['op', 'path', 'from', 'value']

/**
 * Applies an RFC 6902 patch as kube-apiserver does, with its liberties: negative indices count from the end, a missing
 * field reads as null, `replace` adds what is not there. Throws StatusError: 400 for what is no patch, 413 for more than 10,000
 * operations, 422 for an operation that fails.
 */
export function jsonPatch(target: JsonObject, patch: JsonValue): JsonObject {
  const operations = decode(patch)
  if (operations.length > MAX_OPERATIONS) {
    throw StatusError.tooLarge(
      `Request entity too large: The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    )
  }
  const document = new Document(deepClone(target))
  try {
    for (const operation of operations) document.run(operation)
  } catch (error) {
    if (error instanceof PointerError) throw unprocessable(error)
    throw error
  }
  if (isObject(document.root)) return document.root
  throw refusedPatch(stringifyJson(document.root), NO_OBJECT)
}

type Operation = { op: string; path: string | undefined; from: string | undefined; value: JsonValue }

function decode(patch: JsonValue): Operation[] {
  if (patch === null) return []
  if (!Array.isArray(patch)) throw undecodable(goTypeOf(patch), 'Go value of type []handlers.jsonPatchOp')
  return patch.map(decodeOperation)
}

function decodeOperation(given: JsonValue): Operation {
  if (given === null) return { op: 'unknown', path: undefined, from: undefined, value: null }
  if (!isObject(given)) throw undecodable(goTypeOf(given), 'Go value of type handlers.jsonPatchOp')
  const [op, path, from] = FIELDS.map((field) => {
    const value = getKey(given, field) ?? undefined
    if (field === 'value' || value === undefined || typeof value === 'string') return value as string | undefined
    throw undecodable(goTypeOf(value), `Go struct field jsonPatchOp.${field} of type string`)
  })
  return { op: op ?? 'unknown', path, from, value: getKey(given, 'value') ?? null }
}

function undecodable(found: string, wanted: string): StatusError {
  return StatusError.badRequest(`error decoding patch: json: cannot unmarshal ${found} into ${wanted}`)
}

/** Throws PointerError when an operation fails. */
class Document {
  root: JsonValue
  #copied = 0

  constructor(root: JsonValue) {
    this.root = root
  }

  run({ op, path, from, value }: Operation): void {
    if (op === 'add') this.#add(path, deepClone(value))
    else if (op === 'remove') this.#remove(path)
    else if (op === 'replace') this.#replace(path, deepClone(value))
    else if (op === 'move') this.#move(from, path)
    else if (op === 'copy') this.#copy(from, path)
    else if (op === 'test') this.#test(path, value)
    else throw new PointerError(`Unexpected kind: ${op}`)
  }

  /** Where a pointer ends: what holds it, and the last step. */
  #find(pointer: string | undefined): [JsonObject | JsonValue[], string] {
    const steps = pointerSteps(pointer ?? '')
    const last = steps.pop()
    if (last === undefined) throw new PointerError(`doc is missing path: ${pointer}`)
    let holder: JsonValue | undefined = this.root
    for (const step of steps) holder = isContainer(holder) ? get(holder, step) : undefined
    if (!isContainer(holder)) throw new PointerError(`doc is missing path: ${pointer}`)
    return [holder, last]
  }

  #add(path: string | undefined, value: JsonValue): void {
    const [holder, key] = this.#find(path)
    refuseDepth(path, value)
    if (!Array.isArray(holder)) setKey(holder, key, value)
    else if (key === '-') holder.push(value)
    else holder.splice(arrayIndex(key, holder.length + 1), 0, value)
  }

  #remove(path: string | undefined): void {
    const [holder, key] = this.#find(path)
    if (Array.isArray(holder)) holder.splice(arrayIndex(key, holder.length), 1)
    else if (hasKey(holder, key)) delete holder[key]
    else throw new PointerError(`Unable to remove nonexistent key: ${key}`)
  }

  #replace(path: string | undefined, value: JsonValue): void {
    if (path === '') {
      // Another value is not refused but left aside.
      if (isContainer(value)) this.root = value
      return
    }
    const [holder, key] = this.#find(path)
    refuseDepth(path, value)
    if (Array.isArray(holder)) holder[arrayIndex(key, holder.length)] = value
    else setKey(holder, key, value)
  }

  #move(from: string | undefined, path: string | undefined): void {
    const [holder, key] = this.#find(from)
    const value = get(holder, key) ?? null
    this.#remove(from)
    this.#add(path, value)
  }

  #copy(from: string | undefined, path: string | undefined): void {
    const [holder, key] = this.#find(from)
    const value = get(holder, key)
    const copy = stringifyJson(value ?? null)
    if (value !== undefined && value !== null) this.#copied += Buffer.byteLength(copy)
    if (this.#copied > MAX_COPIED) {
      throw new PointerError(`copies would add ${this.#copied} bytes, more than ${MAX_COPIED}`)
    }
    this.#add(path, parseJson(copy) as JsonValue)
  }

  #test(path: string | undefined, wanted: JsonValue): void {
    const found = path === '' ? this.root : this.#found(path)
    if (!deepEqual(found, wanted)) throw new PointerError(`testing value ${path} failed`)
  }

  #found(path: string | undefined): JsonValue {
    const [holder, key] = this.#find(path)
    return get(holder, key) ?? null
  }
}

/** What bodies may not have, patches may not build: a few copies are enough for any depth. */
function refuseDepth(path: string | undefined, value: JsonValue): void {
  if (isDeeperThan(MAX_DEPTH - pointerSteps(path ?? '').length, value)) {
    throw new PointerError(`value at ${path} exceeds max depth`)
  }
}

function isContainer(value: JsonValue | undefined): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null
}

function get(holder: JsonObject | JsonValue[], key: string): JsonValue | undefined {
  return Array.isArray(holder) ? holder[arrayIndex(key, holder.length)] : getKey(holder, key)
}
