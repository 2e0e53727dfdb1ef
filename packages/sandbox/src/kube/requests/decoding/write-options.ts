import { type FieldError, StatusError } from '../../errors.ts'
import type { HttpRequest } from '../../http.ts'
import type { JsonObject } from '../../objects.ts'
import { forbidden, invalid, notSupported, required, tooLong } from '../../schema/field-errors.ts'
import { isTrue } from '../request-info.ts'
import type { FieldValidation } from './objects.ts'

/** What the query of a create, update or patch asks for. */
export type WriteQuery = {
  dryRun: boolean
  manager: string
  fieldValidation: FieldValidation
  force: boolean
  /** The fields of the options that were sent, for CreateOptions and UpdateOptions. */
  sent: JsonObject
}

const MAX_MANAGER = 128
const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn']

/** Reads and checks the options. Throws StatusError 422. */
export function readWriteQuery(http: HttpRequest, kind: 'CreateOptions' | 'UpdateOptions'): WriteQuery {
  return read(http, kind, [])
}

/** As readWriteQuery, with what holds for patches alone. */
export function readPatchQuery(http: HttpRequest, isApply: boolean): WriteQuery {
  const force = http.query.get('force')
  const errors: FieldError[] = []
  if (isApply && (http.query.get('fieldManager') ?? '') === '') {
    errors.push(required('fieldManager', 'is required for apply patch'))
  }
  if (!isApply && force !== null) errors.push(forbidden('force', 'may not be specified for non-apply patch'))
  return read(http, 'PatchOptions', errors)
}

function read({ query, headers }: HttpRequest, kind: string, errors: FieldError[]): WriteQuery {
  const manager = query.get('fieldManager') ?? ''
  const fieldValidation = query.get('fieldValidation') ?? ''
  const all = [...errors, ...managerErrors(manager), ...dryRunErrors(query.getAll('dryRun'))]
  if (!VALIDATIONS.includes(fieldValidation)) all.push(notSupported('fieldValidation', fieldValidation, VALIDATIONS))
  if (all.length > 0) throw StatusError.invalid('meta.k8s.io', kind, '', all)
  return {
    dryRun: query.has('dryRun'),
    manager: manager === '' ? managerOf(headers['user-agent'] ?? '') : manager,
    fieldValidation: (fieldValidation === '' ? 'Warn' : fieldValidation) as FieldValidation,
    force: isTrue(query.get('force')),
    sent: {
      ...(query.has('dryRun') && { dryRun: query.getAll('dryRun') }),
      ...(manager !== '' && { fieldManager: manager }),
      ...(fieldValidation !== '' && { fieldValidation }),
    },
  }
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === 'All') ? [] : [notSupported('dryRun', values, ['All'])]
}

function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = []
  if (Buffer.byteLength(manager) > MAX_MANAGER) errors.push(tooLong('fieldManager', MAX_MANAGER))
  let position = 0
  for (const character of manager) {
    if (!isPrintable(character)) {
      const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
      errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`))
    }
    position += Buffer.byteLength(character)
  }
  return errors
}

/** The name before the first slash, as `kubectl` in `kubectl/v1.34.4`. */
function managerOf(userAgent: string): string {
  const name = [...(userAgent.split('/')[0] ?? '')].filter(isPrintable)
  while (Buffer.byteLength(name.join('')) > MAX_MANAGER) name.pop()
  return name.join('')
}

function isPrintable(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}]/u.test(character)
}
