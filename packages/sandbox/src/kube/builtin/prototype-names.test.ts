import { expect, test } from 'vitest'
import { parseOwnJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import { goShape } from '../protobuf/go-shape.ts'
import type { StrategyContext } from '../resource.ts'
import { configMaps, secrets } from './config.ts'

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
const context: StrategyContext = {
  ...{ cluster: 'root', subresource: '', now: new Date() },
  user: { username: 'admin', groups: [], extra: {} },
}
/** As a client sends it: object literals in code would set the prototype. */
const parse = (object: string) => parseOwnJson<KubeObject>(Buffer.from(object))

test.each(NAMES)('%s is a key like any other', (name) => {
  const configMap = parse(
    `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"${name}":"l"}},"data":{"${name}":"x"}}`,
  )
  const before = JSON.stringify(configMap)
  goShape(configMap)
  expect(JSON.parse(JSON.stringify(configMap))).toEqual(JSON.parse(before))
  expect(configMaps.validate!(configMap, undefined, context)).toEqual([])

  const secret = parse(
    `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"type":"${name}","stringData":{"${name}":"x"}}`,
  )
  secrets.prepareForCreate!(secret, context)
  expect(secrets.validate!(secret, undefined, context)).toEqual([])
  expect(Object.entries(secret['data'] as object)).toEqual([[name, 'eA==']])
  expect(Object.getPrototypeOf({})).toBe(Object.prototype)
})
