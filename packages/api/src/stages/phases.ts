import { type MigrationStage, PHASES, type StagePhase } from '../kinds/migration-configuration.ts'

/**
 * The phase of each stage. One that says none is Initial up to the first with `progress`, and Cutover after it, so that stages of the Go
 * broker keep their meaning: all run before the switch.
 */
export function phasesOf(stages: readonly Pick<MigrationStage, 'phase' | 'progress'>[]): StagePhase[] {
  const last = stages.findIndex(({ progress }) => progress === true)
  return stages.map(({ phase }, i) => phase ?? (last === -1 || i <= last ? 'Initial' : 'Cutover'))
}

/** Whether one phase comes before another. */
export const isBefore = (one: StagePhase, other: StagePhase): boolean => PHASES.indexOf(one) < PHASES.indexOf(other)
