import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deepEqual, getKey, hasKey, isObject, setKey } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { builtInSchema } from '../schema/mod.ts'
import { mergePatch, strategicMergePatch } from './mod.ts'
import { jsonObject } from './vectors/arbitraries.ts'

/** The smallest merge patch that makes `to` of `from`. */
function difference(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {}
  for (const key of Object.keys(from)) if (!hasKey(to, key)) setKey(patch, key, null)
  for (const [key, value] of Object.entries(to)) {
    const before = getKey(from, key)
    if (before !== undefined && deepEqual(before, value)) continue
    setKey(patch, key, isObject(before) && isObject(value) ? difference(before, value) : value)
  }
  return patch
}

test('the difference of two objects makes the second of the first, as a merge patch', () => {
  fc.assert(
    fc.property(jsonObject, jsonObject, (from, to) => {
      expect(mergePatch(from, difference(from, to))).toEqual(to)
    }),
  )
})

const schema = builtInSchema('admissionregistration.k8s.io', 'v1', 'ValidatingWebhookConfiguration')
const word = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString', '__proto__')
const text = fc.constantFrom('x', 'y')
const gone = fc.constant(null)

function mapOf(value: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(word, value), { maxLength: 3 }).map((entries) => {
    const object: JsonObject = {}
    for (const [key, member] of entries) setKey(object, key, member)
    return object
  })
}

function listOf(key: string, item: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject[]> {
  return fc.uniqueArray(item, { maxLength: 3, selector: (each) => String(each[key]) })
}

/** Parts of configurations with keyed lists in keyed lists, sets, maps and lists that are replaced; members of patches may be null. */
function configurations(
  optional: (value: fc.Arbitrary<JsonValue>) => fc.Arbitrary<JsonValue>,
): fc.Arbitrary<JsonObject> {
  const condition = fc.record({ name: word, expression: optional(text) })
  const webhook = fc.record(
    {
      name: word,
      sideEffects: optional(text),
      admissionReviewVersions: fc.array(text, { maxLength: 2 }),
      matchConditions: listOf('name', condition),
      namespaceSelector: fc.record({ matchLabels: mapOf(optional(text)) }),
    },
    { requiredKeys: ['name'] },
  ) as fc.Arbitrary<JsonObject>
  return fc.record(
    {
      metadata: fc.record(
        { labels: mapOf(optional(text)), finalizers: fc.uniqueArray(word, { maxLength: 3 }) },
        { requiredKeys: [] },
      ),
      webhooks: listOf('name', webhook),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<JsonObject>
}

const whole = configurations((value) => value)
const part = configurations((value) => fc.oneof(value, gone))
const patched = (target: JsonObject, patch: JsonObject) => strategicMergePatch(target, patch, schema)

/** As decoding makes it: kube-apiserver's patches leave nulls in the items that they add. */
function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isObject(value)) return value
  const object: JsonObject = {}
  for (const [key, member] of Object.entries(value)) if (member !== null) setKey(object, key, withoutNulls(member))
  return object
}

test('a strategic merge patch that is applied twice changes nothing more', () => {
  fc.assert(
    fc.property(whole, part, (target, patch) => {
      const once = patched(target, patch)
      expect(withoutNulls(patched(once, patch))).toEqual(withoutNulls(once))
    }),
  )
})

test('an empty strategic merge patch changes nothing, and neither does the object itself', () => {
  fc.assert(
    fc.property(whole, (target) => {
      expect(patched(target, {})).toEqual(target)
      expect(patched(target, target)).toEqual(target)
    }),
  )
})

test('a strategic merge patch does to maps what a merge patch does', () => {
  const maps = (value: fc.Arbitrary<JsonValue>) =>
    fc.record({ metadata: fc.record({ labels: mapOf(value), annotations: mapOf(value) }) }) as fc.Arbitrary<JsonObject>
  fc.assert(
    fc.property(maps(text), maps(fc.oneof(text, gone)), (target, patch) => {
      expect(patched(target, patch)).toEqual(mergePatch(target, patch))
    }),
  )
})

test('an item of a list is changed by its key, and leaves the others as they are', () => {
  fc.assert(
    fc.property(
      listOf('name', fc.record({ name: word, sideEffects: text })),
      word,
      text,
      (webhooks, name, sideEffects) => {
        const result = patched({ webhooks }, { webhooks: [{ name, sideEffects }] })
        const after = result['webhooks'] as JsonObject[]
        const known = webhooks.some((each) => each['name'] === name)
        expect(after).toHaveLength(webhooks.length + (known ? 0 : 1))
        for (const each of webhooks) if (each['name'] !== name) expect(after).toContainEqual(each)
        expect(after).toContainEqual({ name, sideEffects })
        const removed = patched(result, { webhooks: [{ $patch: 'delete', name }] })
        const rest = (removed['webhooks'] ?? []) as JsonObject[]
        expect(rest).toHaveLength(after.length - 1)
        expect(rest.some((each) => each['name'] === name)).toBe(false)
      },
    ),
  )
})
