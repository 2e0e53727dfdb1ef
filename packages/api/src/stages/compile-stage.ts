import { type CelEnvironment, celEnvironment, isVariable } from '../cel/environment.ts'
import { compileCel, type Program } from '../cel/program.ts'
import { dotted, type FieldPath, type Mistake } from '../kinds/kind.ts'
import type { MigrationStage } from '../kinds/migration-configuration.ts'
import { compileNode, type TemplateNode } from './template.ts'

/** Something that must be true. Paths are from the stage's root. */
export type StageCondition = { path: FieldPath; program: Program }
/** An object that a stage deploys; expressions see it under its key. */
export type StageTemplate = { key: string; path: FieldPath; root: TemplateNode }

export type Stage = {
  name: string
  preconditions: readonly StageCondition[]
  templates: readonly StageTemplate[]
  successConditions: readonly StageCondition[]
  failureConditions: readonly StageCondition[]
  results: ReadonlyMap<string, Program>
}

/** The names of the two copies in expressions. */
const COPIES = ['from', 'to'] as const

const LONGEST_EXPRESSION = 4096
const copies = celEnvironment(COPIES, LONGEST_EXPRESSION)

/**
 * Compiles the expressions of a stage: preconditions and templates see the two copies, the others what was deployed as well.
 * Mistakes name their place in the stage.
 */
export function compileStage(stage: MigrationStage): { stage: Stage; mistakes: Mistake[] } {
  const mistakes: Mistake[] = []
  const templates = Object.entries(stage.templates ?? {}).map(([key, template]): StageTemplate => {
    const path = ['templates', key]
    return { key, path, root: compileNode(template, path, copies, mistakes) }
  })
  const deployed = templates.map(({ key }) => key).filter((key) => !isCopy(key) && isVariable(key))
  const all = deployed.length === 0 ? copies : celEnvironment([...COPIES, ...deployed], LONGEST_EXPRESSION)
  const compiled = {
    name: stage.name,
    preconditions: compileConditions(stage.preconditions, 'preconditions', copies, mistakes),
    templates,
    successConditions: compileConditions(stage.successConditions, 'successConditions', all, mistakes),
    failureConditions: compileConditions(stage.failureConditions, 'failureConditions', all, mistakes),
    results: compileResults(stage.results, all, mistakes),
  }
  return { stage: compiled, mistakes }
}

/** Whether a key is the name of one of the copies. */
export const isCopy = (key: string): boolean => (COPIES as readonly string[]).includes(key)

function compileConditions(
  sources: readonly string[] = [],
  field: string,
  environment: CelEnvironment,
  mistakes: Mistake[],
): StageCondition[] {
  return sources.flatMap((source, i) => {
    const path = [field, i]
    const program = compileCel(source, environment, 'bool')
    if (!('mistake' in program)) return [{ path, program }]
    mistakes.push({ path: dotted(path), message: program.mistake })
    return []
  })
}

function compileResults(
  sources: Readonly<Record<string, string>> = {},
  environment: CelEnvironment,
  mistakes: Mistake[],
): ReadonlyMap<string, Program> {
  const compiled = Object.entries(sources).flatMap(([name, source]) => {
    const program = compileCel(source, environment, 'any')
    if (!('mistake' in program)) return [[name, program] as const]
    mistakes.push({ path: dotted(['results', name]), message: program.mistake })
    return []
  })
  return new Map(compiled)
}
