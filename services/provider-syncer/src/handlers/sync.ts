import { DONE, type Outcome, type Run } from '@resource-broker/bus'
import type { SyncerContext, SyncerMemory } from '../context.ts'
import { isCurrent, readKnown } from '../known.ts'
import { confirmAssignmentGone, confirmSourceGone } from './confirm.ts'
import { applyCopy, removeUnwantedCopies } from './copies.ts'
import { syncRelated } from './related.ts'
import { reportToAssignment, reportToConsumer } from './report.ts'
import { teardown } from './teardown.ts'

/** What has not come by then is told to the consumer. */
const AWAITED_MS = 3_000

/** Makes one object's copies, and what comes back from them, be what its Assignment says. */
export async function sync(context: SyncerContext, { key, view, attempt }: Run<SyncerMemory>): Promise<Outcome> {
  const known = readKnown(key, view)
  if (known === undefined) return await confirmAssignmentGone(context, key, view, attempt)
  if (known.source === undefined || known.source === null) return await confirmSourceGone(context, known, view, attempt)
  if (!isCurrent(known)) return await teardown(context, known, view)

  const copyProblem = await applyCopy(context, known, view)
  const serving = known.copies.get(known.assignment.spec.providerCluster)
  const relatedProblems = serving === undefined ? [] : await syncRelated(context, known, serving, view)
  const isAwaited = copyProblem?.awaited === true && attempt === 1 // it comes soon, as a rule
  const problems = [...(copyProblem === undefined || isAwaited ? [] : [copyProblem]), ...relatedProblems]
  const silentMs = await reportToConsumer(context, known, serving, problems, view)
  const { postponed } = await removeUnwantedCopies(context, known)
  const blamed = known.decision?.provider ?? known.assignment.spec.providerCluster
  const byProvider = new Map(copyProblem === undefined || isAwaited ? [] : [[blamed, copyProblem.message]])
  await reportToAssignment(context, known, known.assignment.spec.providerCluster, byProvider, view)

  if (isAwaited) return { requeueAfterMs: AWAITED_MS, reason: copyProblem.message }
  if (problems.length > 0) return { requeueAfterMs: 15_000, reason: problems[0]?.reason ?? '' }
  if (postponed.length > 0) return { requeueAfterMs: 5_000, reason: 'the active copy is not ready' }
  if (silentMs !== undefined) return { requeueAfterMs: silentMs, reason: 'no status from the provider yet' }
  return DONE
}
