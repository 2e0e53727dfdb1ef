import {
  type Assignment,
  hasEnded,
  isBefore,
  type Migration,
  type MigrationStage,
  phasesOf,
  type StagePhase,
  type StageStatus,
  timestamp,
} from '@resource-broker/api'
import { rollBack } from '../roll-back.ts'
import type { Step, Surroundings } from '../step.ts'
import { goOn } from './go-on.ts'
import { start } from './start.ts'

/** A stage whose turn it is, and how it stands. */
export type Turn = {
  migration: Migration
  around: Surroundings
  stage: MigrationStage
  status: StageStatus
}

/** What becomes of it: one word and a sentence for people, and how the stage stands then. `fails`: the attempt is over, and why. */
export type Word = Pick<Step, 'deploy' | 'againMs'> & {
  reason: string
  status: StageStatus
  fails?: 'Failed' | 'TimedOut'
}

/** What is said of a stage that says nothing itself. */
const WORDS: Partial<Record<StageStatus['state'], string>> = { Running: 'it begins', Succeeded: 'it is done' }

/** Nobody tells that there is no copy at a provider that was away. In milliseconds. */
const LOOK_AGAIN_MS = 15_000

const DONE: ReadonlySet<string> = new Set(['Succeeded', 'Skipped'] satisfies StageStatus['state'][])

/** The step of the first stage up to a phase that is not done; undefined: all are. */
export function runStages(
  migration: Migration,
  assignment: Assignment,
  around: Surroundings,
  phase: StagePhase,
): Step | undefined {
  const { stages = [] } = migration.spec
  const phases = phasesOf(stages)
  const stage = stages.find(({ name }, i) => !isDone(migration, name) && !isBefore(phase, phases[i] ?? 'Initial'))
  if (stage === undefined) return undefined
  const status = statusOf(migration, stage.name) ?? {
    ...{ name: stage.name, state: 'Waiting' as const, attempt: 1 },
    startTime: timestamp(around.now),
  }
  const turn: Turn = { migration, around, stage, status }
  const word = wordOn(turn)
  const state = phase === 'Initial' ? 'InitialInProgress' : 'CutoverInProgress'
  if (word.fails !== undefined) return { state, ...failure(turn, assignment, word, word.fails, phase) }
  const { reason, status: next, ...others } = word
  const step: Step = {
    state,
    reason,
    message: `stage ${stage.name}: ${next.message ?? WORDS[next.state]}`,
    stage: next,
    ...others,
  }
  if (around.copies.from !== undefined) return step
  return { ...step, againMs: Math.min(word.againMs ?? LOOK_AGAIN_MS, LOOK_AGAIN_MS) }
}

/** Whether a move has a stage that is not done. */
export const hasStagesLeft = (migration: Migration): boolean =>
  !hasEnded(migration) && (migration.spec.stages?.some(({ name }) => !isDone(migration, name)) ?? false)

const isDone = (migration: Migration, stage: string): boolean => DONE.has(statusOf(migration, stage)?.state ?? '')

function statusOf({ status }: Migration, stage: string): StageStatus | undefined {
  return status?.stages?.find(({ name }) => name === stage)
}

function wordOn(turn: Turn): Word {
  if (turn.around.copies.from === null)
    return skip(turn, `the copy at ${turn.migration.spec.from.providerCluster} is gone: there is nothing to bring over`)
  switch (turn.status.state) {
    case 'Running':
      return goOn(turn)
    case 'AwaitingApproval':
      return held(turn)
    default:
      return start(turn)
  }
}

/** It failed for the last time, and a person decides. */
function held({ migration, around, status }: Turn): Word {
  const approval = migration.spec.approvals?.find(({ stage }) => stage === status.name)
  if (approval === undefined) return { reason: 'StageHeld', status }
  const by = approval.by === undefined ? '' : ` by ${approval.by}`
  return skip({ around, status }, `the move goes on without it, as was approved${by}; ${status.message ?? 'it failed'}`)
}

function skip({ around, status }: Pick<Turn, 'around' | 'status'>, message: string): Word {
  return {
    reason: 'StageSkipped',
    status: { ...status, state: 'Skipped', completionTime: timestamp(around.now), message },
  }
}

/** What follows when an attempt is over: another one, a person's decision, or the way back. */
function failure(
  { migration, around, stage }: Turn,
  assignment: Assignment,
  { status }: Word,
  how: 'Failed' | 'TimedOut',
  phase: StagePhase,
): Omit<Step, 'state'> & Partial<Pick<Step, 'state'>> {
  const { name, retries = 0, onFailure = 'RollBack' } = stage
  const { attempt, deployed: _old, ...others } = status
  const most = retries + 1
  const why = `${most > 1 ? `attempt ${attempt} of ${most}: ` : ''}${status.message ?? how}`
  const now = timestamp(around.now)
  if (attempt < most) {
    const next = { ...others, state: 'Waiting' as const, attempt: attempt + 1, startTime: now, message: why }
    return { reason: 'StageRetries', message: `stage ${name}: ${why}`, stage: next }
  }
  if (phase === 'Finalize' || onFailure === 'Hold') {
    const decide = `approve it (spec.approvals with stage "${name}") to go on without it${phase === 'Finalize' ? '' : ', or cancel the move'}`
    const message = `${why}; ${decide}`
    return {
      reason: 'StageHeld',
      message: `stage ${name}: ${message}`,
      stage: { ...status, state: 'AwaitingApproval', message },
    }
  }
  const back = rollBack(migration, assignment, { reason: 'StageFailed', why: `stage ${name}: ${why}` })
  return { ...back, stage: { ...status, state: how, completionTime: now, message: why } }
}
