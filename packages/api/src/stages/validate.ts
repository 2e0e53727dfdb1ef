import { stringifyJson } from '@resource-broker/json'
import type { CelFailure } from '../cel/program.ts'
import { type CelInput, celInput } from '../cel/values.ts'
import { describe, quoted } from '../filters/refusal.ts'
import { dotted, type Mistake } from '../kinds/kind.ts'
import type { GVK } from '../kinds/meta.ts'
import { LABEL_VALUE, MigrationConfiguration, type MigrationStage } from '../kinds/migration-configuration.ts'
import { compileStage, type Stage, type StageCondition } from './compile-stage.ts'
import { isBefore, phasesOf } from './phases.ts'
import { renderObject } from './render.ts'
import { templateMistakes, typeOf } from './template-mistakes.ts'
import { compileWhen } from './when.ts'

/** Most expressions of a configuration: one of the worst takes some 10 ms to be compiled and tried. */
const MOST_EXPRESSIONS = 512

/**
 * What is wrong with a MigrationConfiguration, which may be anything that a user wrote: a sentence for each mistake, which names the
 * stage, the field and what is wrong. `kinds` are those that stages may deploy. Never throws.
 */
export function configurationMistakes(configuration: unknown, kinds: readonly GVK[]): string[] {
  const parsed = MigrationConfiguration.parse(configuration)
  if (!parsed.ok) return parsed.mistakes.map(sentenceOf)
  const { from, to, when, stages = [] } = parsed.value.spec
  const count = expressionsIn(stages)
  if (count > MOST_EXPRESSIONS) return [`spec.stages: they hold ${count} expressions, ${MOST_EXPRESSIONS} is the most`]
  const known = { from: typeMeta(from), to: typeMeta(to) }
  const ofStages = stages.flatMap((stage) =>
    stageMistakes(stage, known, kinds).map((mistake) => `stage ${stage.name}, ${sentenceOf(mistake)}`),
  )
  return [...whenMistakes(when), ...[...nameMistakes(stages), ...orderMistakes(stages)].map(sentenceOf), ...ofStages]
}

function whenMistakes(when: string | undefined): string[] {
  const compiled = when === undefined ? undefined : compileWhen(when)
  return compiled !== undefined && 'mistake' in compiled ? [`spec.when: ${compiled.mistake}`] : []
}

const sentenceOf = ({ path, message }: Mistake): string => `${path}: ${message}`

function expressionsIn(stages: readonly MigrationStage[]): number {
  const inTemplates = stringifyJson(stages.map(({ templates }) => templates)).split('${').length - 1
  const conditions = stages.flatMap(
    ({ preconditions = [], successConditions = [], failureConditions = [], results = {} }) => [
      ...[...preconditions, ...successConditions, ...failureConditions],
      ...Object.values(results),
    ],
  )
  return inTemplates + conditions.length
}

/** What is certain of an object of a kind before there is one. */
const typeMeta = ({ group, version, kind }: GVK) => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
})

function nameMistakes(stages: readonly MigrationStage[]): Mistake[] {
  return stages.flatMap(({ name }, i) => {
    const path = `spec.stages[${i}].name`
    if (stages.findIndex((other) => other.name === name) < i)
      return [{ path, message: `${quoted(name)} is the name of an earlier stage` }]
    if (LABEL_VALUE.test(name)) return []
    return [
      {
        path,
        message: `${quoted(name)} cannot be a label: letters, digits, -, _ and ., a letter or digit at each end`,
      },
    ]
  })
}

function orderMistakes(stages: readonly MigrationStage[]): Mistake[] {
  const phases = phasesOf(stages)
  return stages.flatMap(({ name, onFailure }, i) => {
    const [phase = 'Initial', before = 'Initial'] = [phases[i], phases[i - 1]]
    const path = `spec.stages[${i}]`
    const late = isBefore(phase, before)
      ? [{ path: `${path}.phase`, message: `stage ${name} is ${phase}, and comes after one that is ${before}` }]
      : []
    if (phase !== 'Finalize' || onFailure !== 'RollBack') return late
    return [
      ...late,
      { path: `${path}.onFailure`, message: 'after the switch nothing is rolled back: Hold, or leave it out' },
    ]
  })
}

/** Paths are from the stage's root. */
function stageMistakes(given: MigrationStage, copies: Record<string, unknown>, kinds: readonly GVK[]): Mistake[] {
  const { stage, mistakes } = compileStage(given)
  const ofTemplates = stage.templates.flatMap((template) => templateMistakes(template, kinds))
  return [...mistakes, ...ofTemplates, ...trialMistakes(stage, copies)]
}

/**
 * What fails whatever the objects turn out to be: the stage is tried with what is certain of them, their kinds. That a field is missing
 * says nothing.
 */
function trialMistakes(stage: Stage, copies: Record<string, unknown>) {
  const { name, preconditions, templates, successConditions, failureConditions, results } = stage
  const input = celInput(copies)
  const deployed = templates.flatMap(({ key, path, root }) => {
    const type = typeOf(root, path)
    return 'gvk' in type ? [[key, typeMeta(type.gvk)] as const] : []
  })
  const inputAfter = celInput({ ...copies, ...Object.fromEntries(deployed) })
  const failures = templates.flatMap((template) => {
    const rendered = renderObject(template, { migration: 'migration', stage: name }, input)
    return 'failures' in rendered ? rendered.failures : []
  })
  return [
    ...preconditions.flatMap((condition) => conditionMistakes(condition, input)),
    ...failures.flatMap((failure) => failureMistakes(failure.path, failure)),
    ...[...successConditions, ...failureConditions].flatMap((condition) => conditionMistakes(condition, inputAfter)),
    ...[...results].flatMap(([result, program]) => {
      const given = program.evaluate(inputAfter)
      return 'error' in given ? failureMistakes(dotted(['results', result]), given) : []
    }),
  ]
}

function conditionMistakes({ path, program }: StageCondition, input: CelInput): Mistake[] {
  const result = program.evaluate(input)
  if ('error' in result) return failureMistakes(dotted(path), result)
  if (typeof result.value === 'boolean') return []
  return [{ path: dotted(path), message: `it gives ${describe(result.value)}, not true or false` }]
}

function failureMistakes(path: string, { kind, error }: CelFailure): Mistake[] {
  if (kind === 'notYet') return []
  const message = kind === 'wrong' ? error : 'it could cost too much of any object: fewer +, loops and lists of values'
  return [{ path, message }]
}
