import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject, KubeObject } from '../objects.ts'
import { labelSelectorMatches, parseFieldSelector, parseLabelSelector } from './mod.ts'

const key = fc.constantFrom('a', 'b', 'in', 'notin', 'constructor', 'toString', 'hasOwnProperty', 'example.io/x')
const value = fc.constantFrom('', 'x', 'y', '1', '20', 'in', 'valueOf')
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 4 })
const labels = fc.option(fc.dictionary(key, value, { maxKeys: 4 }), { nil: undefined })

/** A requirement and its opposite, as text and as expressions of a LabelSelector. */
type Pair = { texts: [string, string]; objects: [JsonObject, JsonObject] }
const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.tuple(key, values).map(([name, list]): Pair => {
    const expression = (operator: string) => ({ key: name, operator, values: list })
    const text = (operator: string) => `${name} ${operator} (${list.join(',')})`
    return { texts: [text('in'), text('notin')], objects: [expression('In'), expression('NotIn')] }
  }),
  fc.tuple(key, value).map(([name, wanted]): Pair => {
    const expression = (operator: string) => ({ key: name, operator, values: [wanted] })
    return { texts: [`${name}==${wanted}`, `${name}!=${wanted}`], objects: [expression('In'), expression('NotIn')] }
  }),
  key.map((name): Pair => {
    const expression = (operator: string) => ({ key: name, operator })
    return { texts: [name, `!${name}`], objects: [expression('Exists'), expression('DoesNotExist')] }
  }),
)

test('a requirement and its opposite part all labels, as text and as objects', () => {
  fc.assert(
    fc.property(pair, labels, ({ texts, objects }, given) => {
      const [selected, opposite] = texts.map((text) => parseLabelSelector(text)(given))
      expect(selected).toBe(!opposite)
      expect(objects.map((each) => labelSelectorMatches({ matchExpressions: [each] }, given))).toEqual([
        selected,
        opposite,
      ])
    }),
  )
})

test('a selector selects what all of its requirements select, in any order', () => {
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 4 }), labels, (pairs, given) => {
      const texts = pairs.map(({ texts: [text] }) => text)
      const all = texts.every((text) => parseLabelSelector(text)(given))
      expect(parseLabelSelector(texts.join(','))(given)).toBe(all)
      expect(parseLabelSelector(texts.toReversed().join(' , '))(given)).toBe(all)
      const matchExpressions = pairs.map(({ objects: [object] }) => object)
      expect(labelSelectorMatches({ matchExpressions }, given)).toBe(all)
    }),
  )
})

test('labels are selected by themselves, and by nothing that they lack', () => {
  fc.assert(
    fc.property(fc.dictionary(key, value), key, (given, name) => {
      const text = Object.entries(given).map((entry) => entry.join('='))
      expect(parseLabelSelector(text.join(','))(given)).toBe(true)
      expect(labelSelectorMatches({ matchLabels: given }, given)).toBe(true)
      if (!Object.hasOwn(given, name)) expect(parseLabelSelector([...text, name].join(','))(given)).toBe(false)
    }),
  )
})

test('a number is greater, less, or the same', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), fc.bigInt({ min: 0n, max: 2n ** 62n }), (left, right) => {
      const of = (operator: string) => parseLabelSelector(`a${operator}${right}`)({ a: String(left) })
      expect([of('>'), of('<'), of('=')]).toEqual([left > right, left < right, left === right])
    }),
  )
})

test('a field and its opposite part all objects, whatever is in the way', () => {
  const text = fc.oneof(value, fc.constantFrom('a,b', 'a=b', 'a\\b', '!'))
  const part = fc.constantFrom('metadata', 'spec', 'constructor', '__proto__', 'x')
  const path = fc.tuple(part, part).map((steps) => steps.join('.'))
  const object = fc.dictionary(part, fc.oneof(text, fc.dictionary(part, text))) as fc.Arbitrary<unknown>
  fc.assert(
    fc.property(path, text, object, (field, wanted, given) => {
      const escaped = wanted.replaceAll(/[\\,=]/g, String.raw`\$&`)
      const of = (operator: string) =>
        parseFieldSelector(`${field}${operator}${escaped}`, [`.${field}`])(given as KubeObject)
      expect(of('=')).toBe(!of('!='))
      expect(of('==')).toBe(of('='))
    }),
  )
})
