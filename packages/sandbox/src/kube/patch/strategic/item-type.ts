import type { JsonValue } from '../../objects.ts'
import { goPlain } from '../go-print.ts'
import { listOfLists, PatchError } from './patch-error.ts'

/** All items have to be of one type. Throws PatchError. */
export function itemType(...lists: readonly (readonly JsonValue[])[]): string {
  const types = new Set(lists.flat().map(typeOf))
  const [type] = types
  if (type === undefined) throw new PatchError('no elements in any of the given slices')
  if (type === 'slice') throw listOfLists()
  if (types.size > 1) {
    throw new PatchError(`list element types are not identical: ${goPlain(lists.map((list) => [...list]))}`)
  }
  return type
}

function typeOf(value: JsonValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'slice'
  return typeof value === 'object' ? 'map' : typeof value
}
