import { type FieldError, StatusError } from '../../errors.ts'
import { forbidden, notSupported } from '../../schema/field-errors.ts'
import { isTrue } from '../request-info.ts'
import { integer } from './delete-options.ts'

export type ListOptions = {
  labelSelector: string
  fieldSelector: string
  /** 0 for all. */
  limit: number
  continue: string
  resourceVersion: string
  resourceVersionMatch: string
  timeoutSeconds: number | undefined
  allowWatchBookmarks: boolean
  sendInitialEvents: boolean | undefined
}

const EXACT = 'Exact'
const NOT_OLDER = 'NotOlderThan'

/** Reads and checks the options of a list, a watch or a deletecollection. Throws StatusError 400 or 422. */
export function readListOptions(query: URLSearchParams, watch: boolean): ListOptions {
  const timeout = query.get('timeoutSeconds')
  const initial = query.get('sendInitialEvents')
  const options: ListOptions = {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    limit: Math.max(integer(query.get('limit') || '0'), 0),
    continue: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    timeoutSeconds: timeout === null || timeout === '' ? undefined : integer(timeout),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
  }
  const errors = watch ? watchErrors(options) : listErrors(options)
  if (errors.length > 0) throw StatusError.invalid('meta.k8s.io', 'ListOptions', '', errors)
  return options
}

function listErrors({
  resourceVersionMatch,
  resourceVersion,
  sendInitialEvents,
  ...options
}: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const complain = (why: string) => errors.push(forbidden('resourceVersionMatch', why))
  if (resourceVersionMatch !== '') {
    if (resourceVersion === '') complain('resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (options.continue !== '') complain('resourceVersionMatch is forbidden when continue is provided')
    if (resourceVersionMatch !== EXACT && resourceVersionMatch !== NOT_OLDER) {
      errors.push(notSupported('resourceVersionMatch', resourceVersionMatch, [EXACT, NOT_OLDER, '']))
    }
    if (resourceVersionMatch === EXACT && resourceVersion === '0') {
      complain('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  }
  return errors
}

function watchErrors({ resourceVersionMatch: match, sendInitialEvents, ...options }: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  const complain = (why: string) => errors.push(forbidden('resourceVersionMatch', why))
  if (sendInitialEvents !== undefined && match !== NOT_OLDER) {
    complain(`sendInitialEvents requires setting resourceVersionMatch to ${NOT_OLDER}`)
  }
  if (match === '') return errors
  if (sendInitialEvents === undefined) {
    complain('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided')
  }
  if (match !== NOT_OLDER) errors.push(notSupported('resourceVersionMatch', match, [NOT_OLDER]))
  if (options.continue !== '') complain('resourceVersionMatch is forbidden when continue is provided')
  return errors
}
