import { durationMs, hasEnded, type Migration } from '@resource-broker/api'
import type { Metrics } from '@resource-broker/service'

/** Seconds: a plain move takes less than one, a stage that copies data may take hours. */
const BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 43_200]

/** What is measured of moves, by the MigrationConfiguration that they began with; "" where there is none. */
export class MoveMetrics {
  readonly #moves
  readonly #stages
  readonly #downtime

  constructor(metrics: Metrics) {
    this.#moves = metrics.counter<'configuration' | 'state'>({
      name: 'broker_moves_total',
      help: 'Moves that came into a state.',
      labels: ['configuration', 'state'],
    })
    this.#stages = metrics.histogram<'configuration' | 'stage' | 'state'>({
      name: 'broker_move_stage_seconds',
      help: 'Duration of the last attempt of a stage that has come to an end.',
      labels: ['configuration', 'stage', 'state'],
      buckets: BUCKETS,
    })
    this.#downtime = metrics.histogram<'configuration'>({
      name: 'broker_move_downtime_seconds',
      help: 'How long the copy that serves was not ready during a move that has ended.',
      labels: ['configuration'],
      buckets: [0, ...BUCKETS],
    })
  }

  /** Counts what one write of a Migration has changed. */
  see(before: Migration, after: Migration): void {
    const configuration = after.spec.configuration?.name ?? ''
    const { state = 'Pending', stages = [], downtime } = after.status ?? {}
    if (before.status?.state !== state) this.#moves.add(1, { configuration, state })
    const over = new Set(before.status?.stages?.flatMap(({ name, completionTime }) => (completionTime ? [name] : [])))
    for (const { name: stage, state: end, startTime, completionTime } of stages) {
      if (startTime === undefined || completionTime === undefined || over.has(stage)) continue
      const seconds = (Date.parse(completionTime) - Date.parse(startTime)) / 1_000
      this.#stages.observe(Math.max(0, seconds), { configuration, stage, state: end })
    }
    if (downtime !== undefined && hasEnded(after) && !hasEnded(before))
      this.#downtime.observe(durationMs(downtime) / 1_000, { configuration })
  }
}
