import { deepEqual, getKey, isNumber, isObject } from '../json.ts'
import type { JsonValue, KubeObject } from '../objects.ts'
import { JsonPathError, type PathNode, parseJsonPath } from './json-path-parser.ts'

/** The first value that the path finds in an object; undefined when there is none. */
export type JsonPath = (object: KubeObject) => JsonValue | undefined

/** Reads the path of a printer column; undefined for one that cannot be read. */
export function compileJsonPath(text: string): JsonPath | undefined {
  try {
    const nodes = parseJsonPath(text)
    return (object) => firstOf(nodes, object as JsonValue)
  } catch (error) {
    if (error instanceof JsonPathError) return undefined
    throw error
  }
}

function firstOf(nodes: readonly PathNode[], object: JsonValue): JsonValue | undefined {
  try {
    return evaluate(nodes, [object])[0]
  } catch (error) {
    if (error instanceof JsonPathError) return undefined
    throw error
  }
}

function evaluate(nodes: readonly PathNode[], input: readonly JsonValue[]): JsonValue[] {
  return nodes.reduce<JsonValue[]>((values, node) => step(node, values), [...input])
}

function step(node: PathNode, values: JsonValue[]): JsonValue[] {
  switch (node.kind) {
    case 'field':
      return values.flatMap((value) => fieldOf(value, node.name))
    case 'wildcard':
      return values.flatMap(membersOf)
    case 'recursive':
      return values.flatMap(descendants)
    case 'slice':
      return values.filter((value) => value !== null).flatMap((value) => slice(value, node))
    case 'union':
      return node.paths.flatMap((path) => evaluate(path, values))
    case 'filter':
      return values.flatMap((value) => filtered(value, node))
    default:
      return values.map(() => node.value)
  }
}

function fieldOf(value: JsonValue, name: string): JsonValue[] {
  const member = isObject(value) ? getKey(value, name) : undefined
  return member === undefined ? [] : [member]
}

function membersOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) return value
  return isObject(value) ? Object.values(value) : []
}

/** What holds something, with all that it holds, from the outside in. */
function descendants(value: JsonValue): JsonValue[] {
  const members = membersOf(value)
  return members.length === 0 ? [] : [value, ...members.flatMap(descendants)]
}

function slice(value: JsonValue, node: PathNode & { kind: 'slice' }): JsonValue[] {
  if (!Array.isArray(value)) throw new JsonPathError('not an array')
  const { length } = value
  const start = node.from ?? 0
  const from = start < 0 ? start + length : start
  const end = node.single ? start + 1 : (node.to ?? length)
  const to = end < 0 || (end === 0 && node.single) ? end + length : end
  if (from === to) return []
  if (from < 0 || from >= length || to < 0 || to > length || from > to) throw new JsonPathError('out of bounds')
  const { step: every = 1 } = node
  if (every <= 0) throw new JsonPathError('step must be > 0')
  return value.slice(from, to).filter((_, index) => index % every === 0)
}

function filtered(value: JsonValue, { left, operator, right }: PathNode & { kind: 'filter' }): JsonValue[] {
  if (!Array.isArray(value)) throw new JsonPathError('not an array')
  return value.filter((item) => {
    const lefts = evaluate(left, [item])
    if (operator === 'exists') return lefts.length > 0
    const rights = evaluate(right, [item])
    if (lefts.length > 1 || rights.length > 1) throw new JsonPathError('can only compare one element at a time')
    const [a, b] = [lefts[0], rights[0]]
    return a !== undefined && b !== undefined && compares(a, operator, b)
  })
}

function compares(a: JsonValue, operator: string, b: JsonValue): boolean {
  if ((typeof a !== typeof b && !(isNumber(a) && isNumber(b))) || typeof a === 'object')
    throw new JsonPathError('incompatible types for comparison')
  if (operator === '==') return deepEqual(a, b)
  if (operator === '!=') return !deepEqual(a, b)
  if (typeof a === 'boolean') throw new JsonPathError('invalid type for comparison')
  if (operator === '<') return a < b!
  if (operator === '<=') return a <= b!
  if (operator === '>') return a > b!
  if (operator === '>=') return a >= b!
  throw new JsonPathError(`unrecognized filter operator ${operator}`)
}
