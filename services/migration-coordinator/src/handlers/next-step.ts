import type { Migration } from '@resource-broker/api'
import type { CoordinatorContext } from '../context.ts'
import { isAskedFor } from '../plan/copies.ts'
import { planStep } from '../plan/plan-step.ts'
import type { Step, Surroundings } from '../plan/step.ts'
import { isPending, rulesOf } from '../turns/moves.ts'

/** The next step of a Migration. One that would begin it is not taken before it is its turn. */
export async function nextStep(
  { turns }: CoordinatorContext,
  key: string,
  migration: Migration,
  around: Surroundings,
): Promise<Step | undefined> {
  const step = planStep(migration, around)
  const { assignment, configuration } = around
  const begins = isPending(migration) && step?.state === 'InitialInProgress'
  if (!begins || assignment === undefined || isAskedFor(migration, assignment)) {
    turns.leave(migration.metadata.name)
    return step
  }
  const { consumerCluster: consumer } = assignment.spec
  const rules = configuration !== undefined && 'object' in configuration ? rulesOf(configuration.object) : undefined
  const turn = await turns.ask({ key, migration, consumer, rules })
  return turn === undefined ? step : planStep(migration, { ...around, turn })
}
