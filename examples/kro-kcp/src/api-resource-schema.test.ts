import { expect, test } from 'vitest'
import { apiResourceSchemaOf, type Crd } from './api-resource-schema.ts'

const version = (name: string) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: { type: 'object' } },
  subresources: { status: {} },
  additionalPrinterColumns: [{ name: 'State', type: 'string', jsonPath: '.status.state' }],
})

function crd(...versions: string[]): Crd {
  return {
    kind: 'CustomResourceDefinition',
    spec: {
      group: 'example.io',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: versions.map(version),
      conversion: { strategy: 'None' },
    },
  }
}

test('a kind is published as its CRD says it, with bare schemas', () => {
  const { schema: _, ...rest } = version('v1')
  expect(apiResourceSchemaOf(crd('v1'), 'today')).toEqual({
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: 'today.things.example.io' },
    spec: {
      group: 'example.io',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: [{ ...rest, schema: { type: 'object' } }],
    },
  })
})

test('several versions come with their conversion', () => {
  expect(apiResourceSchemaOf(crd('v1', 'v2'), 'x')).toMatchObject({ spec: { conversion: { strategy: 'None' } } })
})

test('what is no CRD is refused', () => {
  expect(() => apiResourceSchemaOf({ ...crd('v1'), kind: 'List' }, 'x')).toThrow('not a List')
})
