import { expect, test } from 'vitest'
import {
  assignmentName,
  copyName,
  keyOf,
  type MigrationIdentity,
  migrationName,
  type ObjectIdentity,
  originAnnotations,
  originName,
  originOf,
} from './naming.ts'
import { vectors } from './test-vectors.ts'

test.each(vectors<{ name: string; identity: ObjectIdentity; key: string }>('naming/keys.json'))(
  'key: $name',
  ({ identity, key }) => {
    expect(keyOf(identity)).toBe(key)
  },
)

test.each(vectors<{ name: string; migration: MigrationIdentity; expected: string }>('naming/migrations.json'))(
  'migration: $name',
  ({ migration, expected }) => {
    expect(migrationName(migration)).toBe(expected)
  },
)

test.each(vectors<{ name: string; cluster: string; origin: string; copy: string; back: string }>('naming/copies.json'))(
  'copy: $name',
  ({ cluster, origin, copy, back }) => {
    expect(copyName(cluster, origin)).toBe(copy)
    expect(copyName(cluster, origin).length).toBeLessThanOrEqual(253)
    expect(originName(cluster, copy)).toBe(back)
  },
)

test('an Assignment is named by its key', () => {
  expect(assignmentName('0123')).toBe('assignment-0123')
})

test("a name without the consumer's prefix travels up as it is", () => {
  expect(originName('consumer', 'tls-secret')).toBe('tls-secret')
  expect(originName('consumer', copyName('other', 'x'))).toBe(copyName('other', 'x'))
})

test('what a copy says of its origin is read back', () => {
  const origin = { cluster: 'consumer', namespace: 'default', name: 'x' }
  expect(originOf({ annotations: originAnnotations(origin, 'p') })).toEqual(origin)
  const clusterScoped = { cluster: 'consumer', name: 'x' }
  expect(originOf({ annotations: originAnnotations(clusterScoped, 'p') })).toEqual(clusterScoped)
})

test.each([
  undefined,
  null,
  {},
  { annotations: null },
  { annotations: { 'broker.platform-mesh.io/consumer-cluster': 'c' } },
  { annotations: 3 },
])('metadata %j names no origin', (metadata) => {
  expect(originOf(metadata)).toBeUndefined()
})
