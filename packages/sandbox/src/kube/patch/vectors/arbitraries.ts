import fc from 'fast-check'
import { setKey } from '../../json.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'

/** Names that are traps for programs in JavaScript stand beside plain ones. */
export const name = fc.constantFrom(
  'a',
  'b',
  'c',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '0',
  'a/b~c',
)

function objectOf(value: fc.Arbitrary<JsonValue>, names: fc.Arbitrary<string> = name): fc.Arbitrary<JsonObject> {
  return fc.array(fc.tuple(names, value), { maxLength: 4 }).map((entries) => {
    const object: JsonObject = {}
    for (const [key, member] of entries) setKey(object, key, member)
    return object
  })
}

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(fc.constantFrom('x', 'y', ''), fc.nat(3), fc.boolean())

/** Any JSON without nulls. */
export const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 3 }), objectOf(tie('value'))),
})).value

/** JSON in which members of objects, but not items of lists, may be null. */
const patch: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.constant(null),
    fc.array(json, { maxLength: 3 }),
    objectOf(tie('value')),
  ),
})).value

export const jsonObject = objectOf(json)
export const patchObject = objectOf(patch)

const set = fc.uniqueArray(fc.constantFrom('x', 'y', 'z', '<&>', '__proto__'), { minLength: 1, maxLength: 3 })
const port = fc.record(
  { port: fc.nat(2), protocol: fc.constantFrom('TCP', 'UDP'), name: fc.constantFrom('n', 'm'), names: set },
  { requiredKeys: ['port'] },
)
const ports = fc.uniqueArray(port, {
  minLength: 1,
  maxLength: 3,
  selector: ({ port: number, protocol = 'TCP' }) => `${number} ${protocol}`,
})
const texts = nonEmpty(fc.constantFrom('1', '2'))
const free = nonEmpty(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), nonEmpty(scalar)))
const letters = fc.constantFrom('x', 'y')

/**
 * The spec of a Widget as somebody applies it. Nothing that is owned in parts is empty: kube-apiserver makes null of what an
 * application empties and applies empty, and an empty list of items is owned by nobody.
 */
export const spec = fc.record(
  {
    size: fc.nat(2),
    color: fc.constantFrom('blue', 'green'),
    port: fc.constantFrom(80, 'http'),
    tags: set,
    flat: fc.array(fc.constantFrom('p', 'q'), { maxLength: 2 }),
    labels: texts,
    limits: texts,
    ports,
    free,
    nested: fc.record({ a: fc.record({ b: fc.record({ c: letters, d: letters }, { requiredKeys: ['c'] }) }) }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>

function nonEmpty(value: fc.Arbitrary<JsonValue>): fc.Arbitrary<JsonObject> {
  return objectOf(value).filter((object) => Object.keys(object).length > 0)
}
