import { type Assignment, decide, type OfferRef, refusalMessage } from '@resource-broker/api'
import { type KeyView, type Outcome, PASSING_MS } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import { answers } from '../failover/answers.ts'
import type { FailoverAnswer } from '../failover/failovers.ts'
import { failedTargets, type Known } from '../known.ts'
import { accepts, worldFor } from '../world.ts'
import type { Absence } from './absence.ts'
import { announce } from './announce.ts'
import { ensureFinalizer } from './bind.ts'
import { FULL, moveOn } from './move-on.ts'
import { reportAbsence } from './report.ts'

/** Nobody tells when who keeps the record is there again. */
const BEHIND = { why: 'it answers, and its Provider does not say so: does a workspace-watcher run?', againMs: 10_000 }
/** Longest that a timer waits, in milliseconds; it is looked again then. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * The provider of an object is away, and its policy has it leave such a one: it stays until that has lasted, and moves then as any other does,
 * if somebody else takes it. What it waits for is told, and when that comes by itself it is looked at again.
 */
export async function failOver(
  context: SchedulerContext,
  known: Known,
  { assignment, absence, current }: { assignment: Assignment; absence: Absence; current: OfferRef },
  view: KeyView,
): Promise<Outcome> {
  const sourceVersion = await ensureFinalizer(context, known, current.providerCluster, view)
  const answer = absence.word.is === 'due' ? await leave(context, known, absence.policy, current, view) : absence.word
  if (answer === 'full') return FULL
  if ('target' in answer) {
    const next = accepts(context, known, current) ? current.providerCluster : answer.target
    await announce(context, known, sourceVersion, next, view)
    return { done: true }
  }
  await announce(context, known, sourceVersion, current.providerCluster, view)
  const againMs = await tell(context, known, assignment, answer, view)
  return { done: true, ...(againMs === undefined ? {} : { againAfterMs: Math.min(againMs, LONGEST_MS) }) }
}

/** Where the move goes to that was asked for, or why none was. */
async function leave(
  context: SchedulerContext,
  known: Known,
  policy: string,
  current: OfferRef,
  view: KeyView,
): Promise<FailoverAnswer | { target: string } | 'full'> {
  const { away } = context.standings.absences
  const question = { object: known.object, current, excluded: failedTargets(known), away }
  const decision = decide(question, worldFor(context, known.key), context.now())
  const { providerCluster } = current
  if (decision.verdict !== 'move') {
    const why = 'record' in decision && decision.record !== undefined ? refusalMessage(decision.record) : ''
    return { is: 'held', since: away.get(providerCluster) ?? '', why: `nobody else accepts the object: ${why}` }
  }
  if (await answers(context, current)) return { is: 'held', since: away.get(providerCluster) ?? '', ...BEHIND }
  const answer = await context.failovers.ask(policy, providerCluster)
  if (answer.is !== 'due') return answer
  const failover = { policy, awaySince: answer.since }
  if (!(await moveOn(context, known, decision, view, failover))) return 'full'
  return { target: decision.offer.ref.providerCluster }
}

/** Tells what the object waits for; returns in how many milliseconds that is to be looked at again, where nothing else tells. */
async function tell(
  { clusters, ...context }: SchedulerContext,
  known: Known,
  assignment: Assignment,
  answer: FailoverAnswer,
  view: KeyView,
): Promise<number | undefined> {
  if (answer.is === 'present' || answer.is === 'due') return undefined // the record that it is away is on the way, or that it is back
  const now = clusters.coordination.now().getTime()
  const lastedMs = now - Date.parse(answer.since)
  const dueMs = answer.is === 'waits' ? answer.atMs - now : answer.againMs
  if (lastedMs < PASSING_MS) return Math.min(PASSING_MS - lastedMs, dueMs ?? PASSING_MS)
  await reportAbsence({ ...context, clusters }, known, assignment, answer, view)
  return dueMs
}
