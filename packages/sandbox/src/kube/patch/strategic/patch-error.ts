import { StatusError } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import { unprocessable } from '../errors.ts'
import { goPlain, goTypeName } from '../go-print.ts'

/** Why a strategic merge patch fails, in the words of k8s.io/apimachinery/pkg/util/mergepatch. */
export class PatchError extends Error {
  override readonly name: string = 'PatchError'
}

/** A patch that is wrong whatever it is applied to. */
class PatchFormatError extends PatchError {
  override readonly name = 'PatchFormatError'
}

class ListOfListsError extends PatchError {
  override readonly name = 'ListOfListsError'
}

export function badFormat(of: 'primitive list' | 'retainKeys' | 'setElementOrder list'): PatchError {
  return new PatchFormatError(`invalid patch format of ${of}`)
}

export const listOfLists = (): PatchError => new ListOfListsError('lists of lists are not supported')

export function noMergeKey(map: JsonObject, key: string): PatchError {
  return new PatchError(`map: ${goPlain(map)} does not contain declared merge key: ${key}`)
}

export function wrongType(expected: JsonValue, actual: JsonValue): PatchError {
  return new PatchError(`expected a ${goTypeName(expected)}, but received a ${goTypeName(actual)}`)
}

export function unknownDirective(directive: JsonValue, map: JsonObject): PatchError {
  return new PatchError(`unknown patch type: ${goPlain(directive)} in map: ${goPlain(map)}`)
}

/** What a client gets: 400 for a bad patch, 422 for lists of lists, 500 for all else. */
export function toStatusError(error: PatchError): StatusError {
  if (error instanceof PatchFormatError) return StatusError.badRequest(error.message)
  if (error instanceof ListOfListsError) return unprocessable(error)
  return new StatusError(500, '', error.message, undefined, { cause: error })
}
