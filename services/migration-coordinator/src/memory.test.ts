import type { KeyView, KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { newMemory, noteWaiting } from './memory.ts'
import { migration } from './turns/fixtures.ts'

/** What is known of an object of which one Migration is in a state, for a reason; undefined: there is none. */
function viewOf(state: string | undefined, reason: string): KeyView {
  const conditions = [
    { type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]
  const object: KubeObject | null = state === undefined ? null : { ...migration('m'), status: { state, conditions } }
  const moves = new Map([['m', { name: 'm', object }]])
  return { all: () => moves, get: (_part: string, name: string) => moves.get(name) } as unknown as KeyView
}

test('it is noted what moves wait for, also once they have begun, until they go on or are over', () => {
  const memory = newMemory()
  const noted = (state: string | undefined, reason: string) => {
    noteWaiting(memory, 'k', viewOf(state, reason))
    return memory.waiting.get('k')
  }
  expect(noted('Pending', 'WaitsForTurn')).toEqual(['WaitsForTurn'])
  expect(noted('InitialInProgress', 'StageRuns')).toBeUndefined()
  expect(noted('InitialCompleted', 'AwaitingApproval')).toEqual(['AwaitingApproval'])
  expect(noted('CutoverInProgress', 'StageHeld')).toEqual(['StageHeld'])
  expect(noted('Failed', 'StageHeld')).toBeUndefined()
  expect(noted('Pending', 'Paused')).toEqual(['Paused'])
  expect(noted(undefined, '')).toBeUndefined()
})
