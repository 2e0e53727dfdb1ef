import fc from 'fast-check'
import { expect, test } from 'vitest'
import { getKey, hasKey } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { serverSideApply } from '../mod.ts'
import { spec } from '../vectors/arbitraries.ts'
import { resourceOf, schemaOf } from '../vectors/replay.ts'

const API_VERSION = 'vectors.example.io/v1'
const resource = resourceOf('Widget', API_VERSION)
const schema = schemaOf(resource, API_VERSION)
const now = new Date(Date.UTC(2026, 0, 1))

/** Never by force: what is claimed here is claimed without a conflict. */
function apply(live: KubeObject | undefined, manager: string, given: JsonObject): KubeObject {
  const config: KubeObject = { apiVersion: API_VERSION, kind: 'Widget', metadata: { name: 'w' }, spec: given }
  const applied = serverSideApply({ live, config, manager, force: false, subresource: '', now, schema, resource })
  applied.metadata.uid = 'u'
  return applied
}

const specOf = (object: KubeObject | undefined) => (object?.['spec'] ?? {}) as JsonObject

/** Who owns what, in any order. */
function owners({ metadata }: KubeObject): unknown[] {
  return (metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => ({ manager, fieldsV1 }))
}

function without(given: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(given).filter(([name]) => name !== key))
}

test('two managers of different fields come to the same, whoever comes first', () => {
  fc.assert(
    fc.property(spec, fc.func(fc.boolean()), (given, isFirst) => {
      const entries = Object.entries(given)
      const one = Object.fromEntries(entries.filter(([key]) => isFirst(key)))
      const two = Object.fromEntries(entries.filter(([key]) => !isFirst(key)))
      const forth = apply(apply(undefined, 'one', one), 'two', two)
      const back = apply(apply(undefined, 'two', two), 'one', one)
      expect(specOf(forth)).toEqual(given)
      expect(specOf(back)).toEqual(given)
      expect(owners(back)).toHaveLength(owners(forth).length)
      expect(owners(back)).toEqual(expect.arrayContaining(owners(forth)))
    }),
  )
})

test('a field that is applied no more is gone, unless somebody else applied it too', () => {
  fc.assert(
    fc.property(spec, fc.boolean(), fc.nat(), (given, isShared, choice) => {
      const keys = Object.keys(given)
      const key = keys[choice % keys.length]
      fc.pre(key !== undefined)
      const value = getKey(given, key!)!
      const first = apply(undefined, 'one', given)
      const both = isShared ? apply(first, 'two', { [key!]: value }) : first
      const after = specOf(apply(both, 'one', without(given, key!)))
      expect(without(after, key!)).toEqual(without(given, key!))
      expect(hasKey(after, key!)).toBe(isShared)
      if (isShared) expect(getKey(after, key!)).toEqual(value)
    }),
  )
})

test('to give up a field and to claim it again is to have claimed it all along', () => {
  fc.assert(
    fc.property(spec, spec, (first, second) => {
      const there = apply(undefined, 'one', first)
      const back = apply(apply(there, 'one', second), 'one', first)
      expect(specOf(back)).toEqual(specOf(there))
      expect(owners(back)).toEqual(owners(there))
    }),
  )
})
