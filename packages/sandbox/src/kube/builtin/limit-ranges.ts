import { randomUUID } from 'node:crypto'
import type { FieldError } from '../errors.ts'
import { qualifiedNameErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import { canonicalQuantity, parseQuantity } from '../quantity.ts'
import type { Strategy } from '../resource.ts'
import { duplicate, forbidden, invalid, invalidEach, required } from './field-errors.ts'
import { compareQuantities, containerResourceErrors, mayOvercommit, resourceNameErrors } from './resource-names.ts'
import { sortedKeys } from './sorted-keys.ts'

type Amounts = Record<string, string>
const BAGS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
type Bag = (typeof BAGS)[number]
type Item = { type?: string } & { [bag in Bag]?: Amounts }
type LimitRange = KubeObject & { spec?: { limits?: Item[] | null } }

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

export const limitRanges: Strategy = {
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  prepareForCreate(next: LimitRange) {
    if (next.metadata.generateName === undefined) next.metadata.name ??= randomUUID()
    applyDefaults(next)
  },
  prepareForUpdate: applyDefaults,
  validate(next: LimitRange) {
    const seen = new Set<string>()
    return (next.spec?.limits ?? []).flatMap((item, index) => {
      const path = `spec.limits[${index}]`
      const type = item.type ?? ''
      const errors = typeErrors(type, `${path}.type`)
      if (seen.has(type)) errors.push(duplicate(`${path}.type`, type))
      seen.add(type)
      return [...errors, ...itemErrors(item, path)]
    })
  },
}

/** What is not said about a container's limits follows from what is. */
function applyDefaults({ spec }: LimitRange): void {
  for (const item of spec?.limits ?? []) {
    if (item.type !== 'Container') continue
    const limits = { ...item.max, ...item.default }
    const requests = { ...item.min, ...limits, ...item.defaultRequest }
    if (Object.keys(limits).length > 0) item.default = limits
    if (Object.keys(requests).length > 0) item.defaultRequest = requests
  }
}

function typeErrors(type: string, path: string): FieldError[] {
  const errors = invalidEach(path, type, qualifiedNameErrors(type))
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors
  return [invalid(path, type, 'must be a standard limit type or fully qualified')]
}

function itemErrors(item: Item, path: string): FieldError[] {
  const { type = '' } = item
  const nameRule = type === 'Pod' || type === 'Container' ? containerResourceErrors : resourceNameErrors
  const namesOf = (bag: Bag) => sortedKeys(item[bag]).flatMap((name) => nameRule(name, `${path}.${bag}[${name}]`))
  const errors = [...namesOf('max'), ...namesOf('min')]
  const defaults = ['default', 'defaultRequest'] as const
  if (type === 'Pod') {
    const given = defaults.filter((bag) => sortedKeys(item[bag]).length > 0)
    errors.push(...given.map((bag) => forbidden(`${path}.${bag}`, "may not be specified when `type` is 'Pod'")))
  } else errors.push(...defaults.flatMap(namesOf))
  if (type === 'PersistentVolumeClaim' && item.min?.['storage'] === undefined && item.max?.['storage'] === undefined) {
    const why = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(`${path}.limits`, why))
  }
  errors.push(...namesOf('maxLimitRequestRatio'))
  const shown: Item = type === 'Pod' ? { ...item, default: {}, defaultRequest: {} } : item
  const names = new Set(BAGS.flatMap((bag) => sortedKeys(shown[bag])))
  return [...errors, ...[...names].sort().flatMap((name) => amountErrors(shown, name, path))]
}

/** Pairs that have to be in order: the first may not be greater than the second; the error shows `blamed` in `place`. */
const ORDER: readonly { less: Bag; more: Bag; place: Bag; blamed: Bag; words: [string, string] }[] = [
  { less: 'min', more: 'max', place: 'min', blamed: 'min', words: ['min', 'max'] },
  {
    less: 'min',
    more: 'defaultRequest',
    place: 'defaultRequest',
    blamed: 'defaultRequest',
    words: ['min', 'default request'],
  },
  {
    less: 'defaultRequest',
    more: 'max',
    place: 'defaultRequest',
    blamed: 'defaultRequest',
    words: ['default request', 'max'],
  },
  {
    less: 'defaultRequest',
    more: 'default',
    place: 'defaultRequest',
    blamed: 'defaultRequest',
    words: ['default request', 'default limit'],
  },
  { less: 'min', more: 'default', place: 'default', blamed: 'min', words: ['min', 'default'] },
  { less: 'default', more: 'max', place: 'default', blamed: 'max', words: ['default', 'max'] },
]

function amountErrors(item: Item, name: string, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const { less, more, place, blamed, words } of ORDER) {
    const [low, high] = [item[less]?.[name], item[more]?.[name]]
    if (low === undefined || high === undefined || compare(low, high) <= 0) continue
    const why = `${words[0]} value ${canonicalQuantity(low)} is greater than ${words[1]} value ${canonicalQuantity(high)}`
    errors.push(invalid(`${path}.${place}[${name}]`, canonicalQuantity(item[blamed]![name]!), why))
  }
  errors.push(...ratioErrors(item, name, `${path}.maxLimitRequestRatio[${name}]`))
  const [limit, request] = [item.default?.[name], item.defaultRequest?.[name]]
  if (mayOvercommit(name) || limit === undefined || request === undefined || compare(limit, request) === 0)
    return errors
  const why = `default value ${canonicalQuantity(limit)} must equal to defaultRequest value ${canonicalQuantity(request)} in ${name}`
  return [...errors, invalid(`${path}.defaultRequest[${name}]`, canonicalQuantity(request), why)]
}

function ratioErrors({ min, max, maxLimitRequestRatio }: Item, name: string, path: string): FieldError[] {
  const ratio = maxLimitRequestRatio?.[name]
  if (ratio === undefined) return []
  const text = canonicalQuantity(ratio)
  const errors = compare(ratio, '1') < 0 ? [invalid(path, text, `ratio ${text} is less than 1`)] : []
  const [low, high] = [min?.[name], max?.[name]]
  if (low === undefined || high === undefined) return errors
  const limit = Number(parseQuantity(high).nanos) / Number(parseQuantity(low).nanos)
  if (Number(parseQuantity(ratio).nanos) / 1e9 > limit) {
    errors.push(invalid(path, text, `ratio ${text} is greater than max/min = ${limit.toFixed(6)}`))
  }
  return errors
}

function compare(a: string, b: string): number {
  return compareQuantities(parseQuantity(a), parseQuantity(b))
}
