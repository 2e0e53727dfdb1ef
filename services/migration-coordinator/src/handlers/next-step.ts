import { isDeepStrictEqual } from 'node:util'
import { isPending, type Migration } from '@resource-broker/api'
import type { Run } from '@resource-broker/bus'
import type { CoordinatorContext } from '../context.ts'
import { restated } from '../plan/downtime.ts'
import { planStep } from '../plan/plan-step.ts'
import type { Step, Surroundings } from '../plan/step.ts'
import { rulesOf } from '../turns/moves.ts'
import { isPausedBy } from './configurations.ts'

/**
 * The next step of a Migration. One that would begin it is not taken before it is its turn, also where the copy is asked for already: that
 * may be another Migration's, and one that began before its record was lost has its place still.
 */
export async function nextStep(
  context: CoordinatorContext,
  { key, fence }: Pick<Run, 'key' | 'fence'>,
  migration: Migration,
  around: Surroundings,
): Promise<Step | undefined> {
  const { turns } = context
  const step = await heedingPause(context, migration, around)
  const { assignment, configuration } = around
  const begins = isPending(migration) && step?.state === 'InitialInProgress'
  if (!begins || assignment === undefined) {
    turns.leave(migration.metadata.name)
    return step ?? restated(migration, assignment, around.now)
  }
  const { consumerCluster: consumer } = assignment.spec
  const rules = configuration !== undefined && 'object' in configuration ? rulesOf(configuration.object) : undefined
  const turn = await turns.ask({ key, migration, consumer, rules, owned: fence.signal })
  return turn === undefined ? step : planStep(migration, { ...around, turn })
}

/** What is planned; the platform is asked whether the move is paused by its configuration only where that would make it another step. */
async function heedingPause(
  context: CoordinatorContext,
  migration: Migration,
  around: Surroundings,
): Promise<Step | undefined> {
  const step = planStep(migration, around)
  const name = migration.spec.configuration?.name
  if (name === undefined || around.paused !== undefined) return step
  const ifPaused = planStep(migration, { ...around, paused: `MigrationConfiguration ${name}` })
  if (isDeepStrictEqual(ifPaused, step)) return step
  return (await isPausedBy(context, name)) ? ifPaused : step
}
