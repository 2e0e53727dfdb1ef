import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StatusError } from '../errors.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import { showRequirement } from './label-selector.ts'
import { labelSelectorMatches, parseFieldSelector, parseLabelSelector } from './mod.ts'
import type { Operator } from './requirement.ts'

type Case = { selector: string; names?: string[]; error?: string }
type FieldVector = { kind: string; objects: KubeObject[]; cases: Case[] }

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`vectors/${file}`, import.meta.url), 'utf8')) as T
const labels = read<{ labelled: Record<string, Record<string, string>>; cases: Case[] }>('labels.json')
const fields = read<FieldVector[]>('fields.json')

test.each(labels.cases)('label selector $selector', ({ selector, names, error }) => {
  if (error !== undefined) expect(messageOf(() => parseLabelSelector(selector))).toBe(error)
  else {
    const matches = parseLabelSelector(selector)
    const selected = Object.keys(labels.labelled).filter((name) => matches(labels.labelled[name]))
    expect(selected.sort()).toEqual(names?.sort())
  }
})

const SUPPORTED: Record<string, string[]> = {
  CertificateSigningRequest: ['.spec.signerName'],
  Event: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (name) => `.involvedObject.${name}`,
    ),
    ...['.reason', '.type', '.reportingComponent'],
  ],
  Namespace: ['.status.phase'],
  Secret: ['.type'],
  Widget: ['.spec.color', '.spec.size', '.spec.on'],
}
const CLUSTERED = new Set(['CertificateSigningRequest', 'ClusterRole', 'Namespace'])

const fieldCases = fields.flatMap(({ kind, objects, cases }) => cases.map((each) => ({ kind, objects, ...each })))

test.each(fieldCases)('field selector of $kind: $selector', ({ kind, objects, selector, names, error }) => {
  const builtIn = kind !== 'Widget' && kind !== 'Gadget'
  const options = { builtIn, namespaced: !CLUSTERED.has(kind) }
  const parse = () => parseFieldSelector(selector, SUPPORTED[kind] ?? [], options)
  if (error !== undefined) expect(messageOf(parse)).toBe(error)
  else expect(objects.filter(parse()).map(({ metadata }) => metadata.name)).toEqual(names)
})

test('the requirements of a field selector are told', () => {
  const { requirements } = parseFieldSelector('metadata.name=x,metadata.namespace!=y', [])
  expect(requirements).toEqual([
    { field: 'metadata.name', operator: '=', value: 'x' },
    { field: 'metadata.namespace', operator: '!=', value: 'y' },
  ])
})

test.each<[string, JsonObject | null | undefined, Record<string, string> | undefined, boolean]>([
  ['no selector selects nothing', undefined, { a: 'b' }, false],
  ['null selects nothing', null, { a: 'b' }, false],
  ['an empty selector selects all', {}, undefined, true],
  ['matchLabels', { matchLabels: { a: 'b' } }, { a: 'b', c: 'd' }, true],
  ['matchLabels that differ', { matchLabels: { a: 'b' } }, { a: 'c' }, false],
  ['In', { matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'b'] }] }, { a: 'b' }, true],
  ['NotIn of what is not there', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['x'] }] }, {}, true],
  ['Exists', { matchExpressions: [{ key: 'a', operator: 'Exists' }] }, {}, false],
  ['DoesNotExist', { matchExpressions: [{ key: 'constructor', operator: 'DoesNotExist' }] }, {}, true],
])('label selector object: %s', (_, selector, given, expected) => {
  expect(labelSelectorMatches(selector, given)).toBe(expected)
})

test('an unknown operator is refused', () => {
  const selector = { matchExpressions: [{ key: 'a', operator: 'Near' }] }
  expect(messageOf(() => labelSelectorMatches(selector, {}))).toBe('"Near" is not a valid label selector operator')
})

const word = fc.stringMatching(/^[a-z0-9]([-a-z0-9_.]{0,5}[a-z0-9])?$/)
const key = fc.oneof(word, fc.constantFrom('in', 'notin', 'constructor', 'toString'))
const value = fc.oneof(word, fc.constant(''), fc.constantFrom('in', 'notin'))
const operator = fc.constantFrom<Operator>('in', 'notin', '=', '==', '!=', 'gt', 'lt', 'exists', '!')
const requirement = fc
  .tuple(key, operator, fc.array(value, { minLength: 1, maxLength: 4 }), fc.nat())
  .map(([name, op, values, number]) => {
    if (op === 'exists' || op === '!') return { key: name, operator: op, values: [] }
    if (op === 'gt' || op === 'lt') return { key: name, operator: op, values: [String(number)] }
    return {
      key: name,
      operator: op,
      values: op === 'in' || op === 'notin' ? [...new Set(values)].sort() : values.slice(0, 1),
    }
  })

test('what is printed parses to the same', () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (requirements) => {
      const sorted = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
      const text = sorted.map(showRequirement).join(',')
      expect(parseLabelSelector(text).requirements).toEqual(sorted)
    }),
  )
})

test('any text is either parsed or refused with a 400', () => {
  const part = fc.constantFrom(
    'a',
    'in',
    'notin',
    '(',
    ')',
    ',',
    '=',
    '!',
    '>',
    '<',
    ' ',
    'x/y',
    '-',
    '__proto__',
    '\\',
    '\0',
  )
  const text = fc.oneof(
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (selector) => {
      for (const parse of [parseLabelSelector, (given: string) => parseFieldSelector(given, ['.a'])]) {
        try {
          parse(selector)
        } catch (error) {
          expect(error).toMatchObject({ code: 400 })
        }
      }
    }),
  )
})

test('a selector and its opposite share no labels', () => {
  const given = fc.dictionary(key, word)
  fc.assert(
    fc.property(given, key, word, (set, name, wanted) => {
      expect(parseLabelSelector(`${name}=${wanted}`)(set)).toBe(!parseLabelSelector(`${name}!=${wanted}`)(set))
      expect(parseLabelSelector(name)(set)).toBe(!parseLabelSelector(`!${name}`)(set))
      expect(parseLabelSelector(`${name} in (${wanted})`)(set)).toBe(
        !parseLabelSelector(`${name} notin (${wanted})`)(set),
      )
    }),
  )
})

function messageOf(step: () => unknown): string {
  try {
    step()
  } catch (error) {
    if (error instanceof StatusError) return error.message
    throw error
  }
  return 'not refused'
}
