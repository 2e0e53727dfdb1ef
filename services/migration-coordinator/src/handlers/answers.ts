import { Assignment, hasEnded, Migration } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import type { Plan, Step } from '../plan/step.ts'
import { readOrNull } from './surroundings.ts'

/** What the platform has answered of a Migration and of its Assignment since the step before was planned; null: there is none. */
export type Answers = { migration?: KubeObject | null; assignment?: KubeObject | null }

/**
 * Asks the platform for what a step was planned by, where no first write of it is conditional on that and `answers` do not have it just so.
 * A view can be behind, or tell of another Assignment by now, and an Assignment that was edited for a Migration that has ended would stay so.
 */
export async function ask(context: CoordinatorContext, plan: Plan, answers: Answers, view: KeyView): Promise<Answers> {
  const isAsked = (part: keyof Answers) => part in answers && isCurrent(plan, { [part]: answers[part] })
  const parts = restsOn(plan.step).filter((part) => !isAsked(part))
  return await read(context, plan.migration, parts, view)
}

/** Reads them at the platform; what it has is known from then on. */
export async function read(
  context: CoordinatorContext,
  { metadata: { name }, spec }: Migration,
  parts: readonly (keyof Answers)[],
  view: KeyView,
): Promise<Answers> {
  const migrationIs = async (): Promise<Answers> => {
    const migration = await readOrNull(context, { ...Migration.resource, name })
    view.learn('migration', name, { name, object: migration }, context.now().getTime())
    return { migration }
  }
  const assignmentIs = async (): Promise<Answers> => {
    const assignment = await readOrNull(context, { ...Assignment.resource, name: spec.assignment })
    view.learn('assignment', undefined, { name: spec.assignment, object: assignment }, context.now().getTime())
    return { assignment }
  }
  const answers = await together(parts.map((part) => (part === 'migration' ? migrationIs() : assignmentIs())))
  return Object.assign({}, ...answers)
}

/** What a step is to have been planned by as the platform has it; a write that meets another version of what it changes is refused anyway. */
function restsOn({ snapshot, deploy: deployment, edit, state }: Step): (keyof Answers)[] {
  if (deployment !== undefined) return ['migration', 'assignment']
  if (snapshot !== undefined) return ['assignment'] // what is kept is a write of the Migration, and comes first
  if (edit !== undefined) return ['migration']
  return hasEnded({ status: { state } }) ? ['assignment'] : []
}

/** Whether a plan was made by what the platform has answered. */
export function isCurrent({ migration, around: { assignment } }: Plan, answers: Answers): boolean {
  const isSame = (answer: KubeObject | null | undefined, planned: Migration | Assignment | undefined) =>
    answer === undefined || answer?.metadata.resourceVersion === planned?.metadata.resourceVersion
  return isSame(answers.migration, migration) && isSame(answers.assignment, assignment)
}
