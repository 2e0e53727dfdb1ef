import { isNumber } from '../../json.ts'
import type { JsonValue } from '../../objects.ts'
import { goPlain, goSyntax, goTypeName } from '../go-print.ts'
import { fieldElement, type PathElement, showElement } from './path-element.ts'
import { type Atom, type FieldType, fieldType, type ListType, type MapType, type Scalar } from './typed-schema.ts'
import { asList, asMap, ItemError, itemElement, shapeOf } from './values.ts'

/** What about an object does not fit a type, in the words of structured-merge-diff: `.data.k: expected string, got ...`. */
export function typeErrors(object: JsonValue, type: FieldType, allowDuplicates: boolean): string[] {
  return validateValue(object, type.atom, allowDuplicates).map(({ path, why }) =>
    path === '' ? why : `${path}: ${why}`,
  )
}

/** Several errors as one text. */
export function joinErrors(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')
}

type Misfit = { path: string; why: string }
const NONE: readonly Misfit[] = []

const complaint = (why: string): Misfit[] => [{ path: '', why }]

function below(element: PathElement, errors: readonly Misfit[]): readonly Misfit[] {
  return errors.length === 0 ? NONE : errors.map(({ path, why }) => ({ path: `${showElement(element)}${path}`, why }))
}

function validateValue(value: JsonValue, atom: Atom, allowDuplicates: boolean): readonly Misfit[] {
  const shape = shapeOf(atom, value)
  if (shape === 'map') return validateMap(value, atom.map!, allowDuplicates)
  if (shape === 'list') return validateList(value, atom.list!, allowDuplicates)
  const why = atom.scalar === undefined ? 'schema error: invalid atom: inlined' : scalarError(value, atom.scalar)
  return why === undefined ? NONE : complaint(why)
}

function scalarError(value: JsonValue, scalar: Scalar): string | undefined {
  if (value === null) return undefined
  if (scalar === 'numeric') {
    return isNumber(value) ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`
  }
  if (scalar === 'string') {
    return typeof value === 'string'
      ? undefined
      : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`
  }
  if (scalar === 'boolean') return typeof value === 'boolean' ? undefined : `expected boolean, got &{${goPlain(value)}}`
  return typeof value === 'object' ? `expected any scalar, got &{${goPlain(value)}}` : undefined
}

function validateMap(value: JsonValue, type: MapType, allowDuplicates: boolean): readonly Misfit[] {
  const map = asMap(value)
  if (map === undefined) return value === null ? NONE : complaint(`expected map, got &{${goPlain(value)}}`)
  let errors = NONE
  for (const key of Object.keys(map)) {
    const of = fieldType(type, key)
    const found = of === undefined ? UNDECLARED : validateValue(map[key]!, of.atom, allowDuplicates)
    if (found.length > 0) errors = [...errors, ...below(fieldElement(key), found)]
    // It stops at the first field that is not there.
    if (of === undefined) break
  }
  return errors
}

const UNDECLARED = complaint('field not declared in schema')

function validateList(value: JsonValue, type: ListType, allowDuplicates: boolean): readonly Misfit[] {
  const list = asList(value)
  if (list === undefined) return value === null ? NONE : complaint(`expected list, got &{${goPlain(value)}}`)
  const errors: Misfit[] = []
  const seen = new Set<PathElement>()
  for (const [index, item] of list.entries()) {
    const element = type.associative ? elementOrError(type, item) : `i:${index}`
    if (element instanceof ItemError) return [...errors, { path: '', why: `element ${index}: ${element.message}` }]
    if (type.associative) {
      if (seen.has(element) && !allowDuplicates) {
        errors.push({ path: '', why: `duplicate entries for key ${showElement(element)}` })
      }
      seen.add(element)
    }
    errors.push(...below(element, validateValue(item, type.element.atom, allowDuplicates)))
  }
  return errors
}

function elementOrError(type: ListType, item: JsonValue): PathElement | ItemError {
  try {
    return itemElement(type, item)
  } catch (error) {
    if (error instanceof ItemError) return error
    throw error
  }
}
