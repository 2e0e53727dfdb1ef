import { stringifyJson } from '@resource-broker/json'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestServer } from './test-support.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const THINGS = '/apis/ex.io/v1/namespaces/default/things'
const ENDS = { v: 9007199254740993n, max: 9223372036854775807n, list: [-9223372036854775808n] }
const integer = (more: object = {}) => ({ type: 'integer', format: 'int64', ...more })
const rule = { rule: 'self > 9007199254740992', messageExpression: "'not ' + string(self)" }

let server: TestServer

beforeAll(async () => {
  server = await TestServer.start()
  const list = { type: 'array', items: integer(), 'x-kubernetes-list-type': 'set' }
  const v = integer({ 'x-kubernetes-validations': [rule] })
  const preset = integer({ default: 9007199254740993n, enum: [1, 9007199254740993n] })
  const spec = { type: 'object', properties: { v, max: integer(), list, preset } }
  const version = {
    ...{ name: 'v1', served: true, storage: true },
    additionalPrinterColumns: [
      { name: 'V', type: 'integer', jsonPath: '.spec.v' },
      { name: 'Text', type: 'string', jsonPath: '.spec.v' },
    ],
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  }
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' }
  await server.send('POST', DEFINITIONS, {
    body: {
      metadata: { name: 'things.ex.io' },
      spec: { group: 'ex.io', scope: 'Namespaced', names, versions: [version] },
    },
  })
  await server.settled()
})

afterAll(() => server.stop())

const thing = (name: string, spec: object) => ({ apiVersion: 'ex.io/v1', kind: 'Thing', metadata: { name }, spec })
const create = (name: string, spec: object) => server.send('POST', THINGS, { body: thing(name, spec) })

test('integers of 64 bits are stored, defaulted, told and shown as they were written', async () => {
  const watch = await server.watch(`${THINGS}?watch=true`)
  const { status } = await create('a', ENDS)
  expect(status).toBe(201)
  const kept = { ...ENDS, preset: 9007199254740993n }
  expect((await server.send('GET', `${THINGS}/a`)).body['spec']).toEqual(kept)
  expect(watch.events[0]?.object['spec']).toEqual(kept)
  watch.close()
  const table = await server.send('GET', `${THINGS}/a`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  })
  expect(table.body['rows']).toMatchObject([{ cells: ['a', 9007199254740993n, '9007199254740993'] }])
  const yaml = await server.send('GET', `${THINGS}/a`, { headers: { accept: 'application/yaml' } })
  expect(yaml.text).toContain('max: 9223372036854775807\n')
})

test('YAML, merge patches, JSON patches and applications keep them', async () => {
  const send = (type: string, body: unknown, name = 'p') =>
    server.send('PATCH', `${THINGS}/${name}?fieldManager=me`, {
      body,
      headers: { 'content-type': `application/${type}` },
    })
  const text =
    'apiVersion: ex.io/v1\nkind: Thing\nmetadata: { name: p }\nspec: { v: 9007199254740993, list: [9007199254740993] }'
  expect((await send('apply-patch+yaml', text)).status).toBe(201)
  expect(
    (await send('apply-patch+yaml', stringifyJson(thing('p', { v: 9007199254740995n })))).body['spec'],
  ).toMatchObject({
    v: 9007199254740995n,
  })
  const operations = (value: bigint) => [
    { op: 'test', path: '/spec/v', value },
    { op: 'copy', from: '/spec/v', path: '/spec/max' },
  ]
  expect((await send('json-patch+json', operations(9007199254740994n))).status).toBe(422)
  const { body } = await send('json-patch+json', operations(9007199254740995n))
  expect(body['spec']).toMatchObject({ max: 9007199254740995n })
  expect((await send('merge-patch+json', { spec: { max: 9223372036854775807n } })).body['spec']).toMatchObject({
    v: 9007199254740995n,
    max: 9223372036854775807n,
  })
})

test.each([
  ['a rule', { v: 9007199254740992n }, 'spec.v: Invalid value: "integer": not 9007199254740992'],
  ['an enumeration', { preset: 9007199254740992n }, 'spec.preset: Unsupported value: 9007199254740992'],
  ['a set', { list: [9007199254740993n, 9007199254740993n] }, 'spec.list[1]: Duplicate value: 9007199254740993'],
])('%s tells them apart', async (_what, spec, message) => {
  const { status, body } = await create('refused', spec)
  expect(status).toBe(422)
  expect(body['message']).toContain(message)
})
