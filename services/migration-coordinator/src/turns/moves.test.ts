import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Migration, MigrationConfiguration, type MigrationState } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { Wait } from '../plan/step.ts'
import { heldBy, type Rules } from './held-by.ts'
import { runningOf, waitingOf } from './moves.ts'

type HeldCase = { name: string; spec?: object; rules?: Partial<Rules>; wait: Wait | null }
type QueueCase = {
  name: string
  spec?: object
  status?: { state: MigrationState; reason: string }
  configuration?: object
  claim?: true
  queued: boolean
  running: boolean
}

function casesOf<T>(file: string): T[] {
  const text = readFileSync(join(import.meta.dirname, '../../vectors', file), 'utf8')
  return (JSON.parse(text) as { cases: T[] }).cases
}

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }

function migrationOf(spec: object = {}, status?: QueueCase['status']): Migration {
  const ready = { type: 'Ready', status: 'False', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }
  const said = status && { state: status.state, conditions: [{ ...ready, reason: status.reason }] }
  return Migration.of({
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
    metadata: { name: 'm', uid: 'uid-m' },
    spec: {
      assignment: 'assignment-a',
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
      to: { gvk, providerCluster: 'beta', acceptAPIName: 'large' },
      ...spec,
    },
    ...(said && { status: said }),
  })
}

const configurationOf = (spec: object): KubeObject => ({
  ...{ apiVersion: MigrationConfiguration.apiVersion, kind: MigrationConfiguration.kind },
  metadata: { name: 'c', uid: 'uid-c', resourceVersion: '1' },
  spec: { from: gvk, to: gvk, ...spec },
})

test.each(casesOf<HeldCase>('held.json'))('what people keep a move from: $name', ({ spec, rules, wait }) => {
  const given = rules && { name: 'c', ...rules }
  expect(heldBy(migrationOf(spec), given) ?? null).toEqual(wait)
})

test.each(casesOf<QueueCase>('queue.json'))('who waits and who runs: $name', (given) => {
  const { spec, status, configuration, claim, queued, running } = given
  const migration = migrationOf(spec, status)
  const claims = claim ? { m: { uid: 'uid-m', key: 'k', consumer: 'acme', from: 'alpha', to: 'beta' } } : {}
  const configurations = configuration === undefined ? [] : [configurationOf(configuration)]
  expect(waitingOf(claims, [migration], configurations).map(({ name }) => name)).toEqual(queued ? ['m'] : [])
  expect(runningOf(claims, [migration]).map(({ name }) => name)).toEqual(running ? ['m'] : [])
})
