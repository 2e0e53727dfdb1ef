import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { configurationRule, policyRule } from './records.ts'

const postgres = { group: 'example.org', version: 'v1', kind: 'Postgres' }
const mysql = { group: 'example.org', version: 'v1', kind: 'MySQL' }

function routeOf(name: string, spec: unknown) {
  const metadata = { name, uid: 'u', resourceVersion: '1' }
  const object: KubeObject = { apiVersion: 'v1', kind: 'MigrationConfiguration', metadata, spec }
  return configurationRule().route(object, '')
}

test('MigrationConfigurations for moves between the same kinds are told of under one key, by their names', () => {
  const one = routeOf('one', { from: postgres, to: postgres })
  const two = routeOf('two', { to: postgres, from: { ...postgres }, stages: [{ name: 'copy' }] })
  expect(two).toEqual({ ...one, qualifier: 'two' })
})

test('the way there and the way back are two matters', () => {
  const there = routeOf('one', { from: postgres, to: mysql })
  expect(routeOf('one', { from: mysql, to: postgres })?.key).not.toBe(there?.key)
})

test.each([undefined, null, {}, { from: postgres }, { from: 'Postgres', to: null }])(
  'one that does not say for which kinds it is goes by a key as well, so that it is told: %j',
  (spec) => {
    expect(routeOf('one', spec)?.key).toMatch(/^[0-9a-f]{32}$/)
  },
)

test('a PlacementPolicy goes by its name alone, whatever it says', () => {
  const routes = ['one', 'one', 'two'].map((name, i) =>
    policyRule().route(
      { apiVersion: 'v1', kind: 'PlacementPolicy', metadata: { name, uid: `u${i}`, resourceVersion: '1' } },
      '',
    ),
  )
  expect(routes[1]).toEqual(routes[0])
  expect(routes[2]?.key).not.toBe(routes[0]?.key)
})
