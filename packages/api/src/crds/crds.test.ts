import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { kinds } from '../kinds/mod.ts'
import { vectors } from '../test-vectors.ts'
import { crdOf } from './crd-of.ts'

type Case = { name: string; kind: string; spec: unknown; status?: unknown }

const kindOf = (name: string) => kinds.find(({ kind }) => kind === name) ?? kinds[0]

test.each(kinds.map((kind) => ({ name: kind.kind, kind })))(
  'crds/ holds the CRD of $name as its schema says',
  ({ kind }) => {
    const file = new URL(`../../../../crds/${kind.group}_${kind.plural}.yaml`, import.meta.url)
    expect(parse(readFileSync(file, 'utf8'))).toEqual(crdOf(kind))
  },
)

test.each(kinds.map((kind) => ({ name: kind.kind, kind })))('the CRD of $name is structural', ({ kind }) => {
  const text = JSON.stringify(crdOf(kind))
  expect(text).not.toMatch(
    /"\$ref"|"\$schema"|"anyOf"|"oneOf"|"const"|"propertyNames"|"additionalProperties":(true|false|\{\})/,
  )
})

test('an Assignment and the records of places are written whole: their CRDs have no status subresource, the others have one', () => {
  const without = kinds.filter((kind) => !JSON.stringify(crdOf(kind)).includes('"subresources"'))
  expect(without.map(({ kind }) => kind)).toEqual(['Assignment', 'OfferUsage', 'MigrationUsage', 'QuotaUsage'])
})

test.each(vectors<Case>('crds/accepted.json'))('reads what an API server takes: $name', ({ kind, spec, status }) => {
  const { apiVersion, parse: read } = kindOf(kind)
  const object = { apiVersion, kind, metadata: { name: 'x' }, spec, ...(status ? { status } : {}) }
  expect(read(object)).toEqual({ ok: true, value: object })
})

test('fields of a later version are dropped from the spec and kept in metadata', () => {
  const { apiVersion, parse: read } = kindOf('StagingWorkspace')
  const spec = { consumerCluster: 'c', providerPath: 'p', apiExportName: 'e', workspaceTreeRoot: 'r' }
  const metadata = { name: 'x', managedFields: [] }
  const object = { apiVersion, kind: 'StagingWorkspace', metadata, spec: { ...spec, later: 1 }, later: 1 }
  expect(read(object)).toEqual({ ok: true, value: { apiVersion, kind: 'StagingWorkspace', metadata, spec } })
})
