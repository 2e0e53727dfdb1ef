import { type CompiledStage, celInput, compileStage, type MigrationStage } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { Turn } from './run-stages.ts'

export type Input = ReturnType<typeof celInput>

const compiled = new WeakMap<MigrationStage, CompiledStage>()

/** The expressions of a stage, whose mistakes were found before the move began. */
export function expressionsOf(stage: MigrationStage): CompiledStage {
  const known = compiled.get(stage) ?? compileStage(stage).stage
  compiled.set(stage, known)
  return known
}

/** What expressions of a stage see; a reason for people while one of the copies is not known. */
export function inputOf(
  { migration, around }: Turn,
  deployed: Record<string, KubeObject> = {},
): Input | { waitsFor: string } {
  const { from, to } = around.copies
  if (from && to) return celInput({ from: from.object, to: to.object, ...deployed })
  const end = from ? migration.spec.to : migration.spec.from
  return { waitsFor: `waits until the copy at ${end.providerCluster} is known` }
}

/** What is in the way of the first condition that is not true, for people; undefined: all are. */
export function unmet({ stage }: Turn, field: 'preconditions' | 'successConditions', input: Input): string | undefined {
  for (const [i, { program }] of expressionsOf(stage)[field].entries()) {
    const result = program.evaluate(input)
    if ('value' in result && result.value === true) continue
    const why = 'error' in result ? ` (${result.error})` : ''
    return `waits for ${field}[${i}]: ${program.source}${why}`
  }
  return undefined
}

/** The first of the conditions of failure that is true, for people. */
export function failed({ stage }: Turn, input: Input): string | undefined {
  const { failureConditions } = expressionsOf(stage)
  const at = failureConditions.findIndex(({ program }) => {
    const result = program.evaluate(input)
    return 'value' in result && result.value === true
  })
  return at === -1 ? undefined : `failureConditions[${at}] is true: ${failureConditions[at]?.program.source}`
}
