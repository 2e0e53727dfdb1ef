import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '@resource-broker/json'
import { expect, test } from 'vitest'
import { celInput } from '../cel/values.ts'
import type { Mistake } from '../kinds/kind.ts'
import type { MigrationConfiguration, MigrationStage } from '../kinds/migration-configuration.ts'
import { vectors } from '../test-vectors.ts'
import { compileStage, type Stage } from './compile-stage.ts'
import { phasesOf } from './phases.ts'
import { configurationsFor, shadowOf } from './precedence.ts'
import { renderObject } from './render.ts'
import { splitText, type TextPart } from './split-text.ts'
import { STAGE_KINDS } from './stage-kinds.ts'
import { configurationMistakes } from './validate.ts'
import { isFor, type WhenSees } from './when.ts'

type Copies = { from?: unknown; to?: unknown }
type ValueCase = Copies & {
  name: string
  value: unknown
  gives?: unknown
  failures?: { kind: string; at: string; error: string }[]
}
type ConditionCase = Copies & {
  name: string
  condition: string
  deployed?: Record<string, Record<string, unknown>>
  gives?: boolean
  failure?: string
}
type ObjectCase = {
  name: string
  key: string
  template: Record<string, unknown>
  gives?: unknown
  failures?: unknown
}
type PrecedenceCase = {
  name: string
  configurations: { name: string; created: string; from: string; to: string; stages: number; asks?: object }[]
  order: string[]
  /** By name: of which one it is in the shadow. */
  shadows?: Record<string, string>
}

const kindOf = (kind: string) => ({ group: 'example.org', version: 'v1', kind })
const configuration = (spec: object, metadata: object = { name: 'postgres' }) => ({
  apiVersion: 'coord.broker.platform-mesh.io/v1alpha1',
  kind: 'MigrationConfiguration',
  metadata,
  spec,
})
const ofStages = (stages: unknown) => configuration({ from: kindOf('Postgres'), to: kindOf('Postgres'), stages })

/** @throws where it has mistakes */
function compiled(stage: MigrationStage): Stage {
  const { stage: it, mistakes } = compileStage(stage)
  expect(mistakes).toEqual<Mistake[]>([])
  return it
}

test.each(vectors<{ name: string; text: string; parts?: TextPart[]; mistake?: string }>('stages/split.json'))(
  'splits a text: $name',
  ({ text, parts, mistake }) => {
    expect(splitText(text)).toEqual(mistake === undefined ? parts : { mistake })
  },
)

const values = parseJson(readFileSync(join(import.meta.dirname, '../../vectors/stages/values.json'), 'utf8')) as {
  from: unknown
  cases: ValueCase[]
}

test.each(values.cases)('renders a value: $name', ({ value, gives, failures, from = values.from, to = {} }) => {
  const [template] = compiled({ name: 's', templates: { key: { value } } }).templates
  if (template === undefined) throw new Error('there is a template')
  const rendered = renderObject(template, { migration: 'm', stage: 's' }, celInput({ from, to }))
  if (failures === undefined) return expect(rendered).toMatchObject({ value: { value: gives } })
  expect(rendered).toEqual({
    failures: failures.map(({ kind, at, error }) => ({ kind, path: `templates.key.${at}`, error })),
  })
})

test.each(vectors<ConditionCase>('stages/conditions.json'))(
  'evaluates: $name',
  ({ condition, from = {}, to = {}, deployed = {}, gives, failure }) => {
    const stage = compiled({ name: 's', templates: deployed, successConditions: [condition] })
    const result = stage.successConditions[0]?.program.evaluate(celInput({ from, to, ...deployed }))
    if (failure === undefined) expect(result).toEqual({ value: gives })
    else expect(result).toMatchObject({ kind: failure, error: expect.any(String) })
  },
)

test.each(vectors<ObjectCase>('stages/objects.json'))(
  'renders an object: $name',
  ({ key, template, gives, failures }) => {
    const [it] = compiled({ name: 'copy', templates: { [key]: template } }).templates
    if (it === undefined) throw new Error('there is a template')
    const copies = { from: { kind: 'Postgres' }, to: {} }
    const rendered = renderObject(it, { migration: 'migration-1', stage: 'copy' }, celInput(copies))
    expect(rendered).toEqual(failures === undefined ? { value: gives } : { failures })
  },
)

test.each(vectors<{ name: string; stages?: unknown; spec?: object; told: string[] }>('stages/mistakes.json'))(
  'names the mistake: $name',
  ({ stages, spec, told }) => {
    const given = spec === undefined ? ofStages(stages) : configuration(spec)
    expect(configurationMistakes(given, STAGE_KINDS)).toEqual(told)
  },
)

test.each(vectors<{ name: string; stages: unknown }>('stages/valid.json'))(
  'finds nothing wrong: $name',
  ({ stages }) => {
    expect(configurationMistakes(ofStages(stages), STAGE_KINDS)).toEqual([])
  },
)

test.each([undefined, null, 7, 'x', [], {}, { spec: 1 }, configuration({})])(
  'names mistakes in %j without throwing',
  (input) => {
    expect(configurationMistakes(input, STAGE_KINDS).length).toBeGreaterThan(0)
  },
)

test.each(vectors<{ name: string; stages: MigrationStage[]; phases: string[] }>('stages/phases.json'))(
  'which phase a stage is of: $name',
  ({ stages, phases }) => {
    expect(phasesOf(stages)).toEqual(phases)
  },
)

test.each(vectors<PrecedenceCase>('stages/precedence.json'))(
  'of several configurations for two kinds: $name',
  ({ configurations, order, shadows }) => {
    const all = configurations.map(({ name, created, from, to, stages: count, asks }) => {
      const stages = Array.from({ length: count }, (_, i) => ({ name: `s${i}` }))
      const spec = { from: kindOf(from), to: kindOf(to), stages, ...asks }
      return configuration(spec, { name, creationTimestamp: created })
    }) as MigrationConfiguration[]
    const found = configurationsFor(all.toReversed(), { from: kindOf('A'), to: kindOf('B') })
    expect(found.map(({ metadata }) => metadata.name)).toEqual(order)
    expect(configurationsFor(all, { from: kindOf('A'), to: kindOf('B') })).toEqual(found)
    const shadowed = order.flatMap((name) => {
      const by = shadowOf(found, name)?.metadata.name
      return by === undefined ? [] : [[name, by]]
    })
    if (shadows !== undefined) expect(Object.fromEntries(shadowed)).toEqual(shadows)
  },
)

type WhenCase = { name: string; when: string; sees: Partial<WhenSees>; gives?: boolean; mistake?: string }

test.each(vectors<WhenCase>('stages/when.json'))('whether a configuration is for a move: $name', (given) => {
  const sees = { from: {}, to: {}, object: {}, fromProvider: {}, toProvider: {}, ...given.sees }
  expect(isFor(given.when, sees)).toEqual(given.gives ?? { mistake: given.mistake })
})
