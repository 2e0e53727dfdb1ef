import { isPending, type Migration } from '@resource-broker/api'
import type { CoordinatorContext } from '../context.ts'
import { restated } from '../plan/downtime.ts'
import { planStep } from '../plan/plan-step.ts'
import type { Step, Surroundings } from '../plan/step.ts'
import { rulesOf } from '../turns/moves.ts'

/**
 * The next step of a Migration. One that would begin it is not taken before it is its turn, also where the copy is asked for already: that
 * may be another Migration's, and one that began before its record was lost has its place still.
 */
export async function nextStep(
  { turns }: CoordinatorContext,
  key: string,
  migration: Migration,
  around: Surroundings,
): Promise<Step | undefined> {
  const step = planStep(migration, around)
  const { assignment, configuration } = around
  const begins = isPending(migration) && step?.state === 'InitialInProgress'
  if (!begins || assignment === undefined) {
    turns.leave(migration.metadata.name)
    return step ?? restated(migration, assignment, around.now)
  }
  const { consumerCluster: consumer } = assignment.spec
  const rules = configuration !== undefined && 'object' in configuration ? rulesOf(configuration.object) : undefined
  const turn = await turns.ask({ key, migration, consumer, rules })
  return turn === undefined ? step : planStep(migration, { ...around, turn })
}
