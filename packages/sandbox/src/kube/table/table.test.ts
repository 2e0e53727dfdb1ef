import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { deepClone } from '../json.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import type { PrinterColumn, Resource, ResourceVersion } from '../resource.ts'
import { builtInSchema } from '../schema/mod.ts'
import { partialMetadata, partialMetadataList, tableOf } from './mod.ts'

type Vector = {
  name: string
  kind: string
  apiVersion: string
  as: string
  includeObject: 'None' | 'Metadata' | 'Object'
  now: string
  objects: KubeObject[]
  answer: JsonObject & { metadata: JsonObject }
}

const file = new URL('vectors/tables.json', import.meta.url)
const { columns, cases } = JSON.parse(readFileSync(file, 'utf8')) as { columns: PrinterColumn[]; cases: Vector[] }

test.each(cases)('shows $name', ({ kind, apiVersion, as, includeObject, now, objects, answer }) => {
  const listMeta = answer.metadata
  const metaVersion = as.endsWith('v1beta1') ? 'v1beta1' : 'v1'
  const before = deepClone(objects)
  const [resource, version] = resourceOf(kind, apiVersion)
  const shown = as.startsWith('Table')
    ? tableOf(resource, version, objects, { now: new Date(now), includeObject, listMeta, metaVersion })
    : partialMetadataList(objects, listMeta, metaVersion)
  expect(shown).toEqual(answer)
  expect(objects).toEqual(before)
})

test('shows one object by its metadata alone', () => {
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: '1' } }
  const expected = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'x' } }
  expect(partialMetadata(object)).toEqual(expected)
})

test('leaves out the columns in later events of a watch', () => {
  const [resource, version] = resourceOf('Gadget', 'vectors.example.io/v1')
  const table = tableOf(resource, version, [], { now: new Date(), includeObject: 'None', noHeaders: true })
  expect(table['columnDefinitions']).toBeNull()
})

test('asks a type for its own cells', () => {
  const [resource, version] = resourceOf('ConfigMap', 'v1')
  const own = { ...resource, strategy: { tableRow: () => ['mine'] } }
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }
  const table = tableOf(own, version, [object], { now: new Date(), includeObject: 'None' })
  expect(table['rows']).toEqual([{ cells: ['mine'], object: null }])
})

function resourceOf(kind: string, apiVersion: string): [Resource, ResourceVersion] {
  const [name = '', group = ''] = apiVersion.split('/').reverse()
  const builtIn = group !== 'vectors.example.io'
  const version: ResourceVersion = {
    ...{ name, served: true, schema: builtInSchema('', 'v1', 'ConfigMap'), status: false, selectableFields: [] },
    columns: kind === 'Widget' ? columns : [],
  }
  const resource: Resource = {
    ...{ group, resource: kind, singular: kind, kind, listKind: kind, shortNames: [], categories: [] },
    ...{ namespaced: true, verbs: [], storage: kind, storageVersion: name, builtIn, strategy: {} },
    versions: new Map([[name, version]]),
  }
  return [resource, version]
}
