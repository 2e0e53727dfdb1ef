import { expect, test } from 'vitest'
import type { JsonObject } from '../../objects.ts'
import { compileSchema, type OpenApiSchema, validateSchemaProps } from '../mod.ts'
import { parseIp } from './ip.ts'

const withRule = (rule: string, properties: Record<string, OpenApiSchema>): OpenApiSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': [{ rule }] } },
})

function messages(schema: OpenApiSchema, spec: JsonObject): string[] {
  const compiled = compileSchema(schema, { group: 'x', version: 'v1', kind: 'Thing' })
  return compiled
    .validate({ apiVersion: 'x/v1', kind: 'Thing', metadata: { name: 'a' }, spec })
    .map(({ message }) => message)
}

const NUMBERS = { l: { type: 'array', items: { type: 'integer' } } }

test('a rule that would run for long is ended, with the words of kube-apiserver', () => {
  const rule = 'self.l.all(a, self.l.all(b, self.l.all(c, a + b + c > 0)))'
  const l = Array.from({ length: 300 }, (_, index) => index + 1)
  expect(messages(withRule(rule, NUMBERS), { l })).toEqual([
    `Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`,
  ])
})

test('a pattern that would make a backtracking matcher hang is matched in linear time', () => {
  const rule = "self.s.matches('^(a+)+$')"
  const properties = { s: { type: 'string' } }
  expect(messages(withRule(rule, properties), { s: `${'a'.repeat(5000)}b` })).toEqual([
    `Invalid value: "object": failed rule: ${rule}`,
  ])
})

test('names from the prototype are fields like any other', () => {
  const properties = {
    constructor: { type: 'string' },
    m: { type: 'object', additionalProperties: { type: 'string' } },
  }
  const schema = withRule(
    "self.constructor == 'x' && !('toString' in self.m)",
    properties as Record<string, OpenApiSchema>,
  )
  expect(messages(schema, { constructor: 'x', m: { a: 'b' } } as unknown as JsonObject)).toEqual([])
})

test('the schema of an APIResourceSchema is checked below the path that is given', () => {
  const errors = validateSchemaProps(withRule('self.z > 0', NUMBERS), 'spec.versions[0].schema')
  expect(errors.map(({ field }) => field)).toEqual([
    'spec.versions[0].schema.properties[spec].x-kubernetes-validations[0].rule',
  ])
})

test.each([
  ['::1', '::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::', '::'],
  ['fe80::', 'fe80::'],
  ['10.0.0.1', '10.0.0.1'],
])('%s is written as %s', (text, canonical) => {
  expect(String(parseIp(text))).toBe(canonical)
})
