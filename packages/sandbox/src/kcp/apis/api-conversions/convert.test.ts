import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../kube/objects.ts'
import type { ApiConversion, ApiResourceSchema } from '../types.ts'
import { compileConversions } from './compile.ts'
import { convert } from './convert.ts'

const text = { type: 'string' }
const version = (name: string, fields: object) => ({
  ...{ name, served: true, storage: name === 'v1' },
  schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } },
})
const schema = {
  apiVersion: 'apis.kcp.io/v1alpha1',
  kind: 'APIResourceSchema',
  metadata: { name: 'x.people.example.io' },
  spec: {
    group: 'example.io',
    names: { plural: 'people', kind: 'Person' },
    scope: 'Cluster',
    versions: [
      version('v1', { firstName: text, same: text }),
      version('v2', { name: { type: 'object', properties: { first: text } }, same: text, age: { type: 'integer' } }),
    ],
  },
} as unknown as ApiResourceSchema

const conversionOf = (...conversions: ApiConversion['spec']['conversions']): ApiConversion => ({
  ...{ apiVersion: 'apis.kcp.io/v1alpha1', kind: 'APIConversion', metadata: { name: 'x.people.example.io' } },
  spec: { conversions },
})
const both = conversionOf(
  {
    ...{ from: 'v1', to: 'v2' },
    rules: [{ field: '.spec.firstName', destination: '.spec.name.first', transformation: 'self.upperAscii()' }],
  },
  {
    from: 'v2',
    to: 'v1',
    rules: [{ field: '.spec.name.first', destination: '.spec.firstName' }],
    preserve: ['.spec.age'],
  },
)
const person = (apiVersion: string, spec: object): KubeObject => ({
  ...{ apiVersion: `example.io/${apiVersion}`, kind: 'Person', metadata: { name: 'a' } },
  spec: spec as KubeObject['spec'],
})

describe('an APIConversion', () => {
  const { compiled, errors } = compileConversions(both, schema)

  test('moves fields, with a transformation where there is one', () => {
    expect(errors).toEqual([])
    const made = convert(person('v1', { firstName: 'ada', same: 'x' }), 'example.io/v2', compiled)
    expect(made).toMatchObject({ apiVersion: 'example.io/v2', spec: { name: { first: 'ADA' }, same: 'x' } })
  })

  test('keeps what the other version has not, and gives it back', () => {
    const given = person('v2', { name: { first: 'ADA' }, age: 36 })
    const old = convert(given, 'example.io/v1', compiled)
    expect(old.metadata.annotations).toEqual({ 'preserve.conversion.apis.kcp.io/v2': '{"spec.age":36}' })
    delete (old['spec'] as { age?: number }).age
    const back = convert(old, 'example.io/v2', compiled)
    expect(back).toMatchObject({ metadata: { name: 'a' }, spec: { name: { first: 'ADA' }, age: 36 } })
    expect(back.metadata).not.toHaveProperty('annotations')
  })

  test('changes nothing but the apiVersion without rules for it', () => {
    expect(convert(person('v1', { firstName: 'ada' }), 'example.io/v2', [])).toEqual(person('v2', { firstName: 'ada' }))
  })

  test.each([
    ['a version that is not there', { from: 'v1', to: 'v3', rules: [] }, 'spec.conversions[0].to'],
    [
      'a field that is not there',
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.x', destination: '.spec.same' }] },
      'spec.conversions[0].rules[0].field',
    ],
    [
      'a destination that is not there',
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.same', destination: '.spec.x' }] },
      'spec.conversions[0].rules[0].destination',
    ],
    [
      'an expression that does not compile',
      { from: 'v1', to: 'v2', rules: [{ field: '.spec.same', destination: '.spec.same', transformation: 'self +' }] },
      'spec.conversions[0].rules[0].transformation',
    ],
    [
      'an expression of the wrong type',
      {
        from: 'v1',
        to: 'v2',
        rules: [{ field: '.spec.same', destination: '.spec.same', transformation: 'self.nothing' }],
      },
      'spec.conversions[0].rules[0].transformation',
    ],
    [
      'a preserved field that is not there',
      { from: 'v1', to: 'v2', rules: [], preserve: ['.spec.x'] },
      'spec.conversions[0].preserve[0]',
    ],
  ])('with %s is refused', (_, conversion, field) => {
    expect(compileConversions(conversionOf(conversion), schema).errors.map((error) => error.field)).toEqual([field])
  })
})
