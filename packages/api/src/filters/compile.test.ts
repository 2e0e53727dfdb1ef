import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Filter } from '../kinds/accept-api.ts'
import type { Mistake } from '../kinds/kind.ts'
import { vectors } from '../test-vectors.ts'
import { compileAcceptAPI, matchFilters } from './compile.ts'
import { holds, subjectOf } from './match.ts'
import type { Refusal } from './refusal.ts'

type FilterCase = {
  name: string
  filters: Filter[]
  spec: unknown
  object?: Record<string, unknown>
  accepted: boolean
  because?: Refusal[]
}
type CompileCase = { name: string; spec: unknown; mistakes: Mistake[] }

const files = readdirSync(join(import.meta.dirname, '../../vectors/filters'))
const acceptAPI = (spec: unknown, metadata: object = {}) => ({
  apiVersion: 'broker.platform-mesh.io/v1alpha1',
  kind: 'AcceptAPI',
  metadata: { name: 'offer', ...metadata },
  spec,
})
const gvr = { group: 'g.io', version: 'v1', resource: 'things' }

describe.each(files)('vectors of %s', (file) => {
  const cases = vectors<FilterCase>(`filters/${file}`)
  test.each(cases.filter(({ accepted }) => accepted))('accepts: $name', ({ filters, spec, object }) => {
    expect(matchFilters(filters, object ?? { spec })).toEqual({ accepted: true })
  })
  test.each(cases.filter(({ accepted }) => !accepted))('refuses: $name', ({ filters, spec, object, because }) => {
    expect(matchFilters(filters, object ?? { spec })).toEqual({ accepted: false, refusals: because })
  })
})

test.each(vectors<CompileCase>('compile/mistakes.json'))('names the mistake: $name', ({ spec, mistakes }) => {
  expect(compileAcceptAPI(acceptAPI(spec), 'p')).toEqual({ mistakes })
})

test.each([undefined, null, 7, 'x', [], {}, { spec: 1 }, acceptAPI(null), acceptAPI({ gvr: 1 })])(
  'names mistakes in %j without throwing',
  (input) => {
    const compiled = compileAcceptAPI(input, 'p')
    expect('mistakes' in compiled && compiled.mistakes.length).toBeGreaterThan(0)
  },
)

test('an offer has weight 1 and no limit unless it says otherwise', () => {
  const compiled = compileAcceptAPI(acceptAPI({ gvr }), 'p')
  expect(compiled).toMatchObject({
    offer: { ref: { providerCluster: 'p', name: 'offer' }, gvr, weight: 1, capacity: Infinity },
  })
})

test("an offer's export is in its spec, or in the Go broker's annotation", () => {
  const old = acceptAPI({ gvr }, { annotations: { 'broker.platform-mesh.io/kcp-apiexport-name': 'old' } })
  expect(compileAcceptAPI(old, 'p')).toMatchObject({ offer: { apiExportName: 'old' } })
  const both = { ...old, spec: { gvr, apiExportName: 'new' } }
  expect(compileAcceptAPI(both, 'p')).toMatchObject({ offer: { apiExportName: 'new' } })
})

test("the Go broker's empty boundary is no condition", () => {
  const compiled = compileAcceptAPI(acceptAPI({ gvr, filters: [{ key: 'a', boundary: {}, valueIn: ['x'] }] }), 'p')
  if (!('offer' in compiled)) throw new Error('not compiled')
  expect(holds(compiled.offer, subjectOf({ spec: { a: 'x' } }, { cluster: 'c' }))).toBe(true)
})

test('filters that cannot be compiled are an error that names them', () => {
  expect(() => matchFilters([{ key: 'spec.a' }], {})).toThrow(
    'filters[0].key: a key is a path below spec: write "a" for "spec.a"',
  )
})
