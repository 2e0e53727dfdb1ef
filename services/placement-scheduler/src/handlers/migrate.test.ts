import type { Migration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, consumerOf, platformOf, ref, source, viewOf } from '../fixtures.ts'
import { type Known, readKnown, runningMigration } from '../known.ts'
import { startMigration } from './migrate.ts'

const decision = { time: '2026-01-01T00:00:00Z', candidates: [], refused: [], refusedCount: 0 }
const beta = { ref: { providerCluster: 'beta', name: 'large' }, apiExportName: 'things-b' }

/** One decider after the other asks for the move of the object to beta; each returns the Migration that it knows of then. */
function deciders(...objects: KubeObject[]) {
  const platform = platformOf(...objects)
  const logger = { info: () => undefined }
  const clusters = { coordination: platform.client, providers: { isGone: () => false } }
  const offers = { generationOf: () => 4 }
  const context = { clusters, offers, standings: { of: () => 'open' }, logger, now: () => new Date(0) }
  const ask = async () => {
    const view = viewOf({ source: { ref, object: source() }, assignment: assignment() })
    const read = () => readKnown('k', view, consumerOf) as Known
    await startMigration(context as unknown as SchedulerContext, read(), beta, decision, view)
    return runningMigration(read()) as Migration
  }
  return { platform, ask }
}

test('two who decide the same move make one Migration, and both know it', async () => {
  const { platform, ask } = deciders()
  const [first, second] = [await ask(), await ask()]
  expect(second.metadata.name).toBe(first.metadata.name)
  expect(platform.held.size).toBe(1)
  expect(first.spec.assignmentUID).toBe('uid-assignment')
  expect(first.spec.cause).toEqual({ providerCluster: 'alpha', acceptAPIName: 'small', generation: 4 })
  expect(first.spec.to).toMatchObject({ providerCluster: 'beta', acceptAPIName: 'large', apiExportName: 'things-b' })
})

test.each(['RolledBack', 'Failed', 'CutoverCompleted'])(
  'a move whose last Migration ended as %s is asked for again, and does not wait for ever',
  async (state) => {
    const { platform, ask } = deciders()
    const first = await ask()
    platform.put({ ...(platform.held.get(first.metadata.name) as KubeObject), status: { state } })
    const [second, third] = [await ask(), await ask()]
    expect(second.metadata.name).not.toBe(first.metadata.name)
    expect(third.metadata.name).toBe(second.metadata.name)
    platform.put({ ...(platform.held.get(second.metadata.name) as KubeObject), status: { state } })
    expect([first.metadata.name, second.metadata.name]).not.toContain((await ask()).metadata.name)
    expect(platform.held.size).toBe(3)
  },
)
