import type { KeyView } from '@resource-broker/bus'
import type { SyncerContext } from '../context.ts'
import type { Known } from '../facts/known.ts'
import { type Action, idOf } from '../plan/action.ts'
import { applyCopy, deleteCopy, readCopy, tellKept } from './copies.ts'
import { problemOf } from './problem-of.ts'
import { deleteAssignment, readAssignment, record } from './records.ts'
import { bringRelated, removeRelated } from './related.ts'
import { forgetDecision, readSource, releaseSource, report, tellEvent } from './source.ts'

/** What an action is performed with: what is learned of objects goes into `view`, the rest into the notes of `known`. */
export type Performance = { context: SyncerContext; known: Known; view: KeyView }

/** Performs one action. What the server says against it is a problem of the look; it is not done again in this one. */
export async function perform(performance: Performance, action: Action): Promise<void> {
  const { notes } = performance.known
  notes.done.add(idOf(action))
  try {
    await doIt(performance, action)
  } catch (error) {
    performance.context.check()
    const problem = problemOf(action, error, performance.known)
    notes.problems.push(problem)
    if (isLate(action)) notes.late.push({ of: idOf(action), problem })
  }
}

/** The consumer is told before these are tried. */
const isLate = (action: Action): boolean => action.do === 'record' || action.do === 'remove related'

async function doIt(performance: Performance, action: Action): Promise<void> {
  switch (action.do) {
    case 'read assignment':
      return await readAssignment(performance)
    case 'read source':
      return await readSource(performance, action)
    case 'read copy':
      return await readCopy(performance, action)
    case 'apply copy':
      return await applyCopy(performance, action)
    case 'delete copy':
      return await deleteCopy(performance, action)
    case 'tell kept':
      return await tellKept(performance, action)
    case 'bring related':
      return await bringRelated(performance, action)
    case 'remove related':
      return await removeRelated(performance, action)
    case 'record':
      return await record(performance, action)
    case 'delete assignment':
      return await deleteAssignment(performance)
    case 'release source':
      return await releaseSource(performance)
    case 'forget decision':
      return await forgetDecision(performance)
    case 'report':
      return await report(performance, action)
    case 'event':
      return await tellEvent(performance, action)
  }
}
