import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Migration, type MigrationState } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test, vi } from 'vitest'
import { newMemory, type SyncerContext, type SyncerMemory } from '../context.ts'
import type { Known } from '../facts/known.ts'
import { assignment, ref, source, viewOf } from '../fixtures.ts'
import { newsOf } from '../plan/news-of.ts'
import { tellMoves } from './tell-moves.ts'

type Case = {
  name: string
  state?: MigrationState
  reason?: string
  message?: string
  switched?: true
  news: string | null
}

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/news.json'), 'utf8')) as {
  cases: Case[]
}
const NOON = '2026-01-01T12:00:00Z'

function migrationOf({ state, reason = 'R', message = '', switched }: Omit<Case, 'name' | 'news'>, name = 'm') {
  const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
  const ready = { type: 'Ready', status: 'False' as const, reason, message, lastTransitionTime: NOON }
  const { metadata } = assignment()
  return Migration.of({
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
    metadata: { name, uid: `uid-${name}` },
    spec: {
      ...{ assignment: metadata.name, assignmentUID: metadata.uid },
      from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
      to: { gvk, providerCluster: 'beta', acceptAPIName: 'large' },
    },
    ...(state && {
      status: {
        ...{ state, conditions: [ready] },
        ...(switched && { switchTime: NOON }),
        ...(state === 'Failed' && { completionTime: NOON }),
      },
    }),
  })
}

test.each(cases)('what its consumer is told of $name', ({ name: _name, news, ...status }) => {
  const said = newsOf(migrationOf(status))
  expect(said === undefined ? null : `${said.type} ${said.reason}: ${said.message}`).toBe(news)
})

/** A consumer's cluster, and looks at its object, each by what a replica remembers. */
function consumer() {
  const events = new Map<string, string>()
  const create = vi.fn(async (_ref: object, event: { metadata: { name: string }; message: string }) => {
    if (events.has(event.metadata.name)) throw new KubeError(409, { reason: 'AlreadyExists' })
    events.set(event.metadata.name, event.message)
  })
  const look = (memory: SyncerMemory, at: string, ...migrations: Migration[]) => {
    const messages = Object.fromEntries(migrations.map((object) => [`migration/${object.metadata.name}`, { object }]))
    const now = () => new Date(at)
    const clusters = { coordination: { now }, consumers: { client: () => ({ create }) } }
    const context = { ...memory, clusters, logger: { warn: () => undefined }, now }
    const known = { key: 'k', assignment: assignment(), ref, source: source() as KubeObject }
    tellMoves(context as unknown as SyncerContext, known as unknown as Known, viewOf(messages))
  }
  return { look, create, told: () => [...events.values()] }
}

test('each turn of a move is told once, however often it is looked at and whoever takes it over', () => {
  const { look, create, told } = consumer()
  const [first, second] = [newMemory(), newMemory()]
  const begun = migrationOf({ state: 'InitialInProgress' })
  for (const memory of [first, first, second, second]) look(memory, NOON, begun)
  for (const memory of [second, second]) look(memory, NOON, migrationOf({ state: 'CutoverCompleted', switched: true }))
  expect(told()).toEqual(['the move from alpha to beta has begun', 'moved from alpha to beta'])
  expect(create).toHaveBeenCalledTimes(3)
})

test('the same move made again is told again', () => {
  const { look, told } = consumer()
  const memory = newMemory()
  const moves = ['m-1', 'm-2'].map((name) => migrationOf({ state: 'CutoverCompleted', switched: true }, name))
  look(memory, NOON, ...moves)
  expect(told()).toEqual(['moved from alpha to beta', 'moved from alpha to beta'])
})

test('a replica that takes over tells nothing of a move that ended a while ago', () => {
  const { look, create } = consumer()
  const failed = migrationOf({ state: 'Failed' })
  look(newMemory(), '2026-01-01T12:00:59Z', failed)
  expect(create).toHaveBeenCalledTimes(1)
  look(newMemory(), '2026-01-01T12:01:01Z', failed)
  expect(create).toHaveBeenCalledTimes(1)
})
