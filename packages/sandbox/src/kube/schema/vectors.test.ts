import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FieldError } from '../errors.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import { compileSchema, decodeBuiltIn, type OpenApiSchema, validateCrd } from './mod.ts'

type Case = {
  name: string
  object: JsonObject
  old?: JsonObject
  status?: boolean
  errors: FieldError[]
  result?: JsonObject
  unknown: string[]
}
type Suite = { name: string; schema: OpenApiSchema; cases: Case[] }

/** Recorded from a real kube-apiserver by scripts/record-schema-vectors.ts. */
function vectors<T>(file: string): T[] {
  return JSON.parse(readFileSync(new URL(`./vectors/${file}`, import.meta.url), 'utf8'))
}

const inOrder = (errors: FieldError[]) => {
  const text = ({ field, message }: FieldError) => JSON.stringify([field, message])
  return errors.toSorted((a, b) => (text(a) < text(b) ? -1 : 1))
}

const thing = (name: string, fields: JsonObject): JsonObject => ({
  apiVersion: 'x.vectors.example/v1',
  kind: 'Thing',
  metadata: { name },
  ...structuredClone(fields),
})

describe.each([...vectors<Suite>('structural.json'), ...vectors<Suite>('cel.json')])(
  'a schema: $name',
  ({ schema, cases }) => {
    const compiled = compileSchema(schema, { group: 'x.vectors.example', version: 'v1', kind: 'Thing' })
    const decoded = (name: string, fields: JsonObject) => {
      const object = thing(name, fields)
      const unknown = compiled.prune(object)
      compiled.applyDefaults(object)
      return { object, unknown: unknown.sort() }
    }

    test.each(cases)('$name', ({ object: fields, old, status, errors, result, unknown }) => {
      const { object, unknown: found } = decoded('c0', fields)
      const before = old === undefined ? undefined : decoded('c0', old).object
      expect(inOrder(compiled.validate(object, before, status ? 'status' : ''))).toEqual(errors)
      if (result !== undefined) expect(object).toMatchObject(result)
      if (old === undefined) expect(found).toEqual(unknown)
    })
  },
)

describe('a CustomResourceDefinition', () => {
  type Vector = { name: string; crd: KubeObject; old?: KubeObject; errors: FieldError[] }
  const status = { storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] }

  test.each(vectors<Vector>('crd.json'))('$name', ({ crd, old, errors }) => {
    const found = old === undefined ? validateCrd(crd) : validateCrd({ ...crd, status }, { ...old, status })
    expect(inOrder(found)).toEqual(errors)
  })
})

describe('decoding a built-in kind', () => {
  type Vector = { name: string; object: KubeObject; message?: string }

  test.each(vectors<Vector>('decode.json'))('$name', ({ object, message }) => {
    const { apiVersion, kind } = object
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const { error, unknown } = decodeBuiltIn(object as unknown as JsonObject, { group, version, kind })
    const strict = unknown.map((path) => `unknown field "${path}"`).join(', ')
    const why = error ?? (strict === '' ? undefined : `strict decoding error: ${strict}`)
    const text = why && `${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`
    expect(text).toBe(message)
  })
})
