import type { JsonObject, KubeObject } from '../objects.ts'
import type { Cell } from './custom-cell.ts'
import { ageOf, humanDuration } from './duration.ts'

type Reference = { kind?: string; namespace?: string; name?: string; fieldPath?: string }

/** Fields by their names in core v1 and in events.k8s.io/v1. */
type EventFields = {
  involvedObject?: Reference
  regarding?: Reference
  source?: { component?: string; host?: string }
  deprecatedSource?: { component?: string; host?: string }
  message?: string
  note?: string
  firstTimestamp?: string | null
  deprecatedFirstTimestamp?: string | null
  lastTimestamp?: string | null
  deprecatedLastTimestamp?: string | null
  count?: number
  deprecatedCount?: number
  reportingComponent?: string
  reportingController?: string
  reportingInstance?: string
  eventTime?: string | null
  series?: { count?: number; lastObservedTime?: string }
  type?: string
  reason?: string
}

export function eventRow(object: KubeObject, now: Date): Cell[] {
  const event = object as EventFields
  const { kind = '', name = '', fieldPath = '' } = event.involvedObject ?? event.regarding ?? {}
  const { first, last, count } = occurrences(event, now)
  const target = name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
  return [
    last,
    event.type ?? '',
    event.reason ?? '',
    target,
    fieldPath,
    sourceOf(event),
    (event.message ?? event.note ?? '').trim(),
    first,
    count,
    object.metadata.name ?? '',
  ]
}

function occurrences(event: EventFields, now: Date): { first: string; last: string; count: number } {
  const firstTime = event.firstTimestamp ?? event.deprecatedFirstTimestamp
  const lastTime = event.lastTimestamp ?? event.deprecatedLastTimestamp
  const first = ageOf(firstTime ?? event.eventTime, now)
  const { series } = event
  if (series) return { first, last: ageOf(series.lastObservedTime, now), count: series.count ?? 0 }
  const count = event.count ?? event.deprecatedCount ?? 0
  // Single events of the newer kind have no count.
  return { first, last: lastTime ? ageOf(lastTime, now) : first, count: count === 0 ? 1 : count }
}

function sourceOf(event: EventFields): string {
  const { component, host } = event.source ?? event.deprecatedSource ?? {}
  const who = component || (event.reportingComponent ?? event.reportingController ?? '')
  const where = host || (event.reportingInstance ?? '')
  return where === '' ? who : `${who}, ${where}`
}

type Quantities = Readonly<Record<string, string>>

export function quotaRow({ metadata, status }: KubeObject, now: Date): Cell[] {
  const { hard = {}, used = {} } = (status ?? {}) as { hard?: Quantities; used?: Quantities }
  const names = Object.keys(hard).sort()
  const show = (name: string) => `${name}: ${Object.hasOwn(used, name) ? used[name] : '0'}/${hard[name]}`
  const isLimit = (name: string) => name.startsWith('limits.')
  return [
    metadata.name ?? '',
    names
      .filter((name) => !isLimit(name))
      .map(show)
      .join(', '),
    names.filter(isLimit).map(show).join(', '),
    ageOf(metadata.creationTimestamp, now),
  ]
}

export function roleBindingRow(object: KubeObject, now: Date): Cell[] {
  const { metadata } = object
  const { kind = '', name = '' } = (object['roleRef'] ?? {}) as Reference
  const subjects = (object['subjects'] ?? []) as Reference[]
  const of = (wanted: string) => subjects.filter((subject) => subject.kind === wanted)
  const names = (wanted: string) => of(wanted).map((subject) => subject.name)
  return [
    metadata.name ?? '',
    `${kind}/${name}`,
    ageOf(metadata.creationTimestamp, now),
    names('User').join(', '),
    names('Group').join(', '),
    of('ServiceAccount')
      .map((subject) => `${subject.namespace ?? ''}/${subject.name}`)
      .join(', '),
  ]
}

export function requestRow({ metadata, spec, status }: KubeObject, now: Date): Cell[] {
  const { signerName, username, expirationSeconds } = (spec ?? {}) as {
    signerName?: string
    username?: string
    expirationSeconds?: number
  }
  return [
    metadata.name ?? '',
    ageOf(metadata.creationTimestamp, now),
    signerName || '<none>',
    username ?? '',
    expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000),
    requestCondition(status as { conditions?: { type: string }[]; certificate?: string } | undefined),
  ]
}

function requestCondition({
  conditions = [],
  certificate = '',
}: {
  conditions?: { type: string }[]
  certificate?: string
} = {}): string {
  const has = (type: string) => conditions.some((condition) => condition.type === type)
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${decision}${has('Failed') ? ',Failed' : ''}${certificate === '' ? '' : ',Issued'}`
}

export function policyRow({ metadata, spec }: KubeObject, now: Date): Cell[] {
  const { validations = [], paramKind } = (spec ?? {}) as {
    validations?: unknown[]
    paramKind?: { apiVersion?: string; kind?: string }
  }
  const params = paramKind ? `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}` : '<unset>'
  return [metadata.name ?? '', validations.length, params, ageOf(metadata.creationTimestamp, now)]
}

export function policyBindingRow({ metadata, spec }: KubeObject, now: Date): Cell[] {
  const { policyName = '', paramRef } = (spec ?? {}) as {
    policyName?: string
    paramRef?: Reference & { selector?: JsonObject }
  }
  return [metadata.name ?? '', policyName, showParams(paramRef), ageOf(metadata.creationTimestamp, now)]
}

function showParams(reference: (Reference & { selector?: JsonObject }) | undefined): string {
  if (!reference) return '<unset>'
  const { name = '', namespace = '', selector } = reference
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`
  return selector ? showSelector(selector as Selector) : '<unset>'
}

type Selector = {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** As Go's generated `String` prints it. */
function showSelector({ matchLabels = {}, matchExpressions = [] }: Selector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
