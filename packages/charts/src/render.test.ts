import { parseJson } from '@resource-broker/json'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configFlags, configSchemaOf } from './flags.ts'
import { valuesSchema, valuesTable, valuesYaml } from './render.ts'
import { chartedServices } from './services.ts'
import { ownValues, sharedValues, type Values } from './values.ts'

const values: Values = {
  replicas: { doc: 'Pods', default: 2, schema: { type: 'integer' } },
  nats: { doc: 'The bus', group: { urls: { doc: 'a|b', default: [], schema: { type: 'array' } } } },
}

test('values.yaml has each value under what it is', () => {
  expect(valuesYaml(values)).toBe(`# Pods
replicas: 2
# The bus
nats:
  # a|b
  urls: []
`)
})

test('the schema takes nothing that the table does not name', () => {
  const urls = { description: 'a|b', type: 'array' }
  expect(parseJson(valuesSchema(values, { global: {} }))).toMatchObject({
    additionalProperties: false,
    properties: {
      replicas: { description: 'Pods', type: 'integer' },
      nats: { additionalProperties: false, properties: { urls } },
      global: {},
    },
  })
})

test('the table of a README has a row for each value, with its path', () => {
  expect(valuesTable(values).split('\n').slice(2)).toEqual([
    '| `replicas` | Pods | `2` |',
    '| `nats` | The bus | |',
    '| `nats.urls` | a\\|b | `[]` |',
    '',
  ])
})

test.each(chartedServices)('`config` of $name takes its flags but those that follow from other values', (service) => {
  const keys = configFlags(service).map(({ key }) => key)
  expect(keys).toEqual(expect.arrayContaining(['streamPrefix', 'partitions', 'logLevel', 'coordinationWorkspace']))
  expect(keys.filter((key) => /kubeconfig|natsC|natsKey|httpAddress/i.test(key))).toEqual([])
})

test('an empty value of a service is one that global fills, so that no shared value has a default of its own', () => {
  const defaults = parse(valuesYaml(sharedValues(configSchemaOf([])))) as object
  const filled = (value: unknown): unknown[] => {
    if (typeof value !== 'object' || value === null) return value === '' || value === false ? [] : [value]
    return Object.values(value).flatMap(filled)
  }
  expect(filled(defaults)).toEqual([])
  expect(Object.keys(ownValues).filter((name) => name in defaults)).toEqual([])
})
