import { Migration } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { seeTimes, type TimesSeen } from './times-seen.ts'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }

const migration = (status: object): Migration =>
  Migration.of({
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind, metadata: { name: 'migration-1', uid: 'uid-m' } },
    spec: {
      assignment: 'assignment-a',
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
      to: { gvk, providerCluster: 'beta', acceptAPIName: 'large' },
    },
    status: { state: 'CutoverInProgress', ...status },
  })

const SWITCHED = '2026-01-01T01:00:00Z'
const STARTED = ['2026-01-01T02:00:00Z', '2026-01-01T03:00:00Z'] as const

test('when a time was first seen stays for as long as it is recorded, and is forgotten then', () => {
  const seen: TimesSeen = new Map()
  const stage = (startTime: string) => ({ stages: [{ name: 'copy', state: 'Running', attempt: 1, startTime }] })
  seeTimes(seen, migration({ ...stage(STARTED[0]) }), new Date(1))
  const second = seeTimes(seen, migration({ ...stage(STARTED[0]), switchTime: SWITCHED }), new Date(2))
  expect([...second]).toEqual([
    [SWITCHED, 2],
    [STARTED[0], 1],
  ])
  const third = seeTimes(seen, migration({ ...stage(STARTED[1]), switchTime: SWITCHED }), new Date(3))
  expect([...third]).toEqual([
    [SWITCHED, 2],
    [STARTED[1], 3],
  ])
})
