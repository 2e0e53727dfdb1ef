import { Migration } from '@resource-broker/api'
import { MetricsRegistry } from '@resource-broker/service'
import { expect, test } from 'vitest'
import { MoveMetrics } from './move-metrics.ts'
import { migration } from './turns/fixtures.ts'

test('each state, each end of a stage and the downtime of a move are counted once', async () => {
  const registry = new MetricsRegistry()
  const metrics = new MoveMetrics(registry.forService('migration-coordinator'))
  const spec = { configuration: { name: 'postgres', generation: 1 } }
  const stage = { name: 'copy', state: 'Succeeded', attempt: 1, startTime: '2026-01-01T12:00:00Z' }
  const stages = [{ ...stage, completionTime: '2026-01-01T12:00:04Z' }]
  const at = (status: object) => Migration.of({ ...migration('m', { spec }), status })
  const story = [
    Migration.of(migration('m', { spec })),
    at({ state: 'InitialInProgress' }),
    at({ state: 'InitialInProgress', stages }),
    at({ state: 'CutoverCompleted', stages, downtime: '2.5s' }),
  ]
  for (const [i, after] of story.slice(1).entries()) metrics.see(story[i] as Migration, after)
  const { body: text } = await registry.expose()
  expect(text).toMatch(/broker_moves_total\{.*state="InitialInProgress".*\} 1/)
  expect(text).toMatch(/broker_moves_total\{.*state="CutoverCompleted".*\} 1/)
  expect(text).toMatch(/broker_move_stage_seconds_sum\{.*stage="copy".*\} 4/)
  expect(text).toMatch(/broker_move_stage_seconds_count\{.*stage="copy".*\} 1/)
  expect(text).toMatch(/broker_move_downtime_seconds_sum\{.*configuration="postgres".*\} 2.5/)
})
