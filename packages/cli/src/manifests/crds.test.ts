import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCrds, requireStatus, schemaOf } from './crds.ts'
import type { Crd } from './types.ts'

const version = (name: string, storage = true) => ({
  ...{ name, served: true, storage },
  schema: { openAPIV3Schema: { type: 'object', description: name } },
})

function crd(versions = [version('v1')], more: object = {}): Crd {
  const names = { plural: 'things', kind: 'Thing' }
  return {
    ...{
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.org' },
    },
    spec: { group: 'example.org', names, scope: 'Namespaced', versions, ...more },
  }
}

test('a schema has the bare schema of each version, and the names that a CRD may leave out', () => {
  const { metadata, spec } = schemaOf(crd())
  expect(metadata.name).toMatch(/^v[0-9a-f]{8}\.things\.example\.org$/)
  expect(spec).toEqual({
    group: 'example.org',
    names: { plural: 'things', kind: 'Thing', singular: 'thing', listKind: 'ThingList' },
    scope: 'Namespaced',
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true, subresources: {} },
        schema: { type: 'object', description: 'v1' },
      },
    ],
  })
})

test('another schema has another name, as a schema cannot be changed', () => {
  const [one, same, other] = [crd(), crd(), crd([version('v2')])].map((each) => schemaOf(each).metadata.name)
  expect(same).toBe(one)
  expect(other).not.toBe(one)
})

test('several versions say how they are converted', () => {
  const { spec } = schemaOf(crd([version('v1'), version('v2', false)]))
  expect(spec).toMatchObject({ conversion: { strategy: 'None' } })
})

test('the core group is called core in the name', () => {
  expect(schemaOf(crd(undefined, { group: '' })).metadata.name).toMatch(/^v[0-9a-f]{8}\.things\.core$/)
})

test('a kind without a status to write to is refused, unless the version is not served', () => {
  const told = { ...version('v2'), subresources: { status: {} } }
  expect(() => requireStatus(crd([told]))).not.toThrow()
  expect(() => requireStatus(crd([told, { ...version('v1'), served: false }]))).not.toThrow()
  expect(() => requireStatus(crd([told, version('v1')]))).toThrow(
    'things.example.org: version v1 has no status subresource: the broker tells there how an object fares',
  )
})

test('conversion by webhook is refused', () => {
  const webhook = crd([version('v1'), version('v2', false)], { conversion: { strategy: 'Webhook' } })
  expect(() => schemaOf(webhook)).toThrow('things.example.org: conversion by webhook is not supported')
})

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'crds-'))
})
afterAll(() => rm(dir, { recursive: true }))

test.each([
  { text: '', says: 'it is empty' },
  { text: 'a: b: c', says: /it is no YAML: .+/ },
  { text: 'kind: Thing', says: /must hold .* not Thing$/ },
  { text: 'just text', says: /must hold .* not this$/ },
])('a file that holds no CRD is refused: $text', async ({ text, says }) => {
  const file = join(dir, 'file.yaml')
  await writeFile(file, text)
  expect(() => readCrds(file)).toThrow(says)
})
