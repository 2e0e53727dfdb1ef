import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Migration, type MigrationState } from '@resource-broker/api'
import { expect, test } from 'vitest'
import { migration } from '../turns/fixtures.ts'
import { noteOf } from './note-of.ts'
import type { Step } from './step.ts'

type Case = { name: string; before?: string; step: string; note: string | null }

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/notes.json'), 'utf8')) as {
  cases: Case[]
}

function migrationIn(before: string | undefined): Migration {
  const [state, reason = ''] = before?.split(' ') ?? []
  const since = '2026-01-01T00:00:00Z'
  const conditions = [{ type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: since }]
  return Migration.of({ ...migration('m'), ...(state !== undefined && { status: { state, conditions } }) })
}

test.each(cases)('what is told when $name', ({ before, step, note }) => {
  const [state, reason = '', quiet] = step.split(' ')
  const taken: Step = { state: state as MigrationState, reason, message: 'so', ...(quiet && { quiet: true }) }
  const said = noteOf(migrationIn(before), taken)
  expect(said === undefined ? null : `${said.type} ${said.reason}`).toBe(note)
})
