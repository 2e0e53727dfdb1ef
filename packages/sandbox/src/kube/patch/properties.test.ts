import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deepClone, getKey, isObject } from '../json.ts'
import type { JsonObject, JsonValue } from '../objects.ts'
import { builtInSchema } from '../schema/mod.ts'
import { jsonPatch, mergePatch, strategicMergePatch } from './mod.ts'
import { json, jsonObject, name, patchObject } from './vectors/arbitraries.ts'

/** RFC 7386, section 2, word by word. */
function rfc7386(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch
  const result = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, rfc7386(result.get(key), value))
  }
  return Object.fromEntries(result)
}

test('a merge patch does what RFC 7386 says', () => {
  fc.assert(
    fc.property(jsonObject, patchObject, (target, patch) => {
      expect(mergePatch(target, patch)).toEqual(rfc7386(target, patch))
    }),
  )
})

test('a merge patch that is applied twice changes nothing more', () => {
  fc.assert(
    fc.property(jsonObject, patchObject, (target, patch) => {
      const once = mergePatch(target, patch)
      expect(mergePatch(once, patch)).toEqual(once)
    }),
  )
})

test('an object is its own merge patch, and an empty one changes nothing', () => {
  fc.assert(
    fc.property(jsonObject, jsonObject, (target, other) => {
      expect(mergePatch(target, target)).toEqual(target)
      expect(mergePatch(target, {})).toEqual(target)
      expect(mergePatch({}, other)).toEqual(other)
    }),
  )
})

test('patches change neither what they are applied to nor themselves', () => {
  const schema = builtInSchema('', 'v1', 'ConfigMap')
  fc.assert(
    fc.property(jsonObject, patchObject, json, name, (target, patch, value, key) => {
      const before = deepClone([target, patch, value])
      mergePatch(target, patch)
      attempt(() => strategicMergePatch(target, patch, schema))
      const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      attempt(() =>
        jsonPatch(target, [
          { op: 'add', path, value },
          { op: 'copy', from: path, path: '/z' },
          { op: 'remove', path },
        ]),
      )
      expect([target, patch, value]).toEqual(before)
      expect(({} as JsonObject)['x']).toBeUndefined()
    }),
  )
})

test('an added member is found by its pointer, and is gone when it is removed', () => {
  fc.assert(
    fc.property(jsonObject, json, name, (target, value, key) => {
      const path = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const added = jsonPatch(target, [
        { op: 'add', path, value },
        { op: 'test', path, value },
      ])
      expect(getKey(added, key)).toEqual(value)
      expect(Object.hasOwn(jsonPatch(added, [{ op: 'remove', path }]), key)).toBe(false)
    }),
  )
})

test('a patch of any form is applied or refused, but never breaks anything', () => {
  const operation = fc.record(
    {
      op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
      path: pointer(),
      from: pointer(),
      value: json,
    },
    { requiredKeys: ['op'] },
  ) as fc.Arbitrary<JsonObject>
  fc.assert(
    fc.property(jsonObject, fc.oneof(fc.array(operation, { maxLength: 4 }), json), (target, patch) => {
      const error = attempt(() => jsonPatch(target, patch))
      if (error !== undefined) expect(error).toMatchObject({ name: 'StatusError' })
    }),
  )
})

test('what ten thousand and one operations ask for is too much', () => {
  const patch = Array.from({ length: 10_001 }, () => ({ op: 'add', path: '/a', value: 1 }))
  expect(attempt(() => jsonPatch({}, patch))).toMatchObject({
    code: 413,
    message: 'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
  })
  expect(jsonPatch({}, patch.slice(1))).toEqual({ a: 1 })
})

test('copies may not add more than 3 MiB', () => {
  const big = 'x'.repeat(1024 * 1024)
  const copies = [...'bcd'].map((letter) => ({ op: 'copy', from: '/a', path: `/${letter}` }))
  expect(attempt(() => jsonPatch({ a: big }, copies))).toMatchObject({ code: 422 })
  expect(Object.keys(jsonPatch({ a: big }, copies.slice(1)))).toEqual(['a', 'c', 'd'])
})

function pointer(): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(name, fc.constantFrom('0', '-', '-1', '99')), { maxLength: 3 })
    .map((steps) => steps.map((step) => `/${step}`).join(''))
}

function attempt(step: () => unknown): unknown {
  try {
    step()
    return undefined
  } catch (error) {
    return error
  }
}
