import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Assignment, MigrationState } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { downtimeAfter } from './downtime.ts'

type Case = {
  name: string
  begun?: false
  assignment?: false
  before?: { downtime?: string; unreadySince?: string }
  state?: MigrationState
  servedFrom?: string
  copies?: string[]
  after: object | null
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/downtime.json'), 'utf8')) as {
  cases: Case[]
}

function assignmentOf({ copies = [], servedFrom }: Case): Assignment {
  const said = copies.map((text) => {
    const [providerCluster, ready, state] = text.split(' ')
    return { providerCluster, applied: true, ready: ready === 'ready', state }
  })
  return { spec: { providerCluster: 'alpha' }, status: { copies: said, servedFrom } } as unknown as Assignment
}

test.each(cases)('$name', (given) => {
  const { begun = true, assignment = true, before, state = 'InitialInProgress', after } = given
  const status = { state: 'InitialInProgress' as const, ...(begun && { startTime: '2026-01-01T12:00:00Z' }), ...before }
  const now = new Date('2026-01-01T12:00:10.500Z')
  expect(downtimeAfter({ status }, assignment ? assignmentOf(given) : undefined, state, now) ?? null).toEqual(after)
})
