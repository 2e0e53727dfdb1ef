import type { FieldError } from '../errors.ts'
import { goStructJson } from '../go-text.ts'
import { qualifiedNameErrors, subdomainErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import { immutable, invalid, invalidEach, required } from './field-errors.ts'

const MAX_TEXT = 128
const MAX_MESSAGE = 1024
const ELSEWHERE = 'does not match event.namespace'

/** In the shape of core v1. */
type Event = KubeObject & {
  involvedObject?: { namespace?: string }
  series?: { count?: number; lastObservedTime?: string | null }
  eventTime?: string | null
  firstTimestamp?: string | null
  lastTimestamp?: string | null
  source?: { component?: string; host?: string }
  count?: number
  type?: string
  reason?: string
  action?: string
  message?: string
  reportingComponent?: string
  reportingInstance?: string
}

/** What is wrong with an Event; both in the shape of core v1. `strict` is how events.k8s.io/v1 looks at it. */
export function validateEvent(next: Event, old: Event | undefined, strict: boolean): FieldError[] {
  const errors = commonErrors(next, strict)
  if (!strict) return errors
  return [...errors, ...(old === undefined ? strictErrors(next) : changeErrors(next, old))]
}

function commonErrors(event: Event, strict: boolean): FieldError[] {
  const place = event.metadata.namespace ?? ''
  const about = event.involvedObject?.namespace ?? ''
  const misplaced = invalid('involvedObject.namespace', about, ELSEWHERE)
  const errors: FieldError[] = []
  if (isSet(event.eventTime)) {
    if (about === '' && place !== 'default' && place !== 'kube-system') errors.push(misplaced)
    errors.push(...reportErrors(event, strict))
  } else if (about === '' ? place !== '' && place !== 'default' : place !== about) errors.push(misplaced)
  return [...errors, ...invalidEach('namespace', place, subdomainErrors(place))]
}

function reportErrors(event: Event, strict: boolean): FieldError[] {
  const { reportingComponent: component = '', reportingInstance: instance = '' } = event
  const { action = '', reason = '', message = '' } = event
  const field = strict ? 'reportingController' : 'reportingComponent'
  const long = (name: string, value: string, limit: number) =>
    Buffer.byteLength(value) > limit ? [invalid(name, '', `can have at most ${limit} characters`)] : []
  const needed = (name: string, value: string) => (value === '' ? [required(name)] : long(name, value, MAX_TEXT))
  return [
    ...(component === '' ? [required(field)] : []),
    ...invalidEach(field, component, qualifiedNameErrors(component)),
    ...needed('reportingInstance', instance),
    ...needed('action', action),
    ...needed('reason', reason),
    ...long('message', message, MAX_MESSAGE),
  ]
}

function strictErrors(event: Event): FieldError[] {
  const unset = (field: string, given: boolean) => (given ? [invalid(field, '', 'needs to be unset')] : [])
  const { type = '', source = {} } = event
  return [
    ...seriesErrors(event),
    ...(isSet(event.eventTime) ? [] : [required('eventTime')]),
    ...(['Normal', 'Warning'].includes(type) ? [] : [invalid('type', '', `has invalid value: ${type}`)]),
    ...unset('firstTimestamp', isSet(event.firstTimestamp)),
    ...unset('lastTimestamp', isSet(event.lastTimestamp)),
    ...unset('count', (event.count ?? 0) !== 0),
    ...unset('source', (source.component ?? '') !== '' || (source.host ?? '') !== ''),
  ]
}

function seriesErrors({ series }: Event): FieldError[] {
  if (series === undefined) return []
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(isSet(series.lastObservedTime) ? [] : [required('series.lastObservedTime')]),
  ]
}

/** Fields that never change, in kube-apiserver's order; it looks at `reason` twice. */
const FIXED = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'reason', 'type'],
  ...['eventTime', 'action', 'related', 'reportingController', 'reportingInstance'],
] as const

function changeErrors(next: Event, old: Event): FieldError[] {
  const errors = goStructJson(next.series) === goStructJson(old.series) ? [] : seriesErrors(next)
  for (const field of FIXED) {
    const key = field === 'reportingController' ? 'reportingComponent' : field
    errors.push(...immutable(field, next[key], old[key]))
  }
  return errors
}

function isSet(time: string | null | undefined): boolean {
  return time !== undefined && time !== null
}
