import { durationMs, type StageStatus, timestamp } from '@resource-broker/api'
import { deployment } from './deployment.ts'
import { inputOf, unmet } from './evaluate.ts'
import type { Turn, Word } from './run-stages.ts'
import { staleOf } from './stale.ts'

/** The word on a stage that has not started: what it waits for, or that it starts. */
export function start(turn: Turn): Word {
  const { around, status } = turn
  const left = waitLeft(turn)
  if (left > 0) {
    const until = timestamp(new Date(around.now.getTime() + left))
    return { ...wait(turn, 'StageWaits', `waits until ${until}`), againMs: left }
  }
  if (around.paused !== undefined) return wait(turn, 'Paused', `paused by ${around.paused}`)
  const why = obstacle(turn)
  if (why !== undefined) return wait(turn, 'StageWaits', why)
  const { message: _old, completionTime: _end, ...others } = status
  const running: StageStatus = { ...others, state: 'Running', startTime: timestamp(around.now) }
  return { reason: 'StageRuns', status: isEmpty(turn) ? { ...running, deployed: {} } : running }
}

const wait = ({ status }: Turn, reason: string, message: string): Word => ({
  reason,
  status: { ...status, state: 'Waiting', message },
})

/** Milliseconds that the first attempt waits yet. */
function waitLeft({ stage, status, around }: Turn): number {
  if (stage.wait === undefined || status.attempt > 1) return 0
  return Date.parse(status.startTime ?? '') + durationMs(stage.wait) - around.now.getTime()
}

const isEmpty = ({ stage }: Turn): boolean => Object.keys(stage.templates ?? {}).length === 0

function obstacle(turn: Turn): string | undefined {
  const { migration, around } = turn
  const [stale] = staleOf(migration, around.staged)
  if (stale !== undefined) {
    const why = stale.remains === undefined ? '' : `: ${stale.remains}`
    return `waits until ${stale.resource}/${stale.name} of stage ${stale.stage} is gone${why}`
  }
  const input = inputOf(turn)
  if ('waitsFor' in input) return input.waitsFor
  const first = unmet(turn, 'preconditions', input)
  if (first !== undefined) return first
  const deployed = deployment(turn, input)
  return 'waitsFor' in deployed ? deployed.waitsFor : undefined
}
