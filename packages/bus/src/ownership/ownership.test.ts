import { expect, test } from 'vitest'
import cases from '../../vectors/ownership.json' with { type: 'json' }
import { Ownership, type OwnershipEvent } from './ownership.ts'

type Step = [now: number, event: OwnershipEvent, effects: unknown[]]

/** What happened before a case begins. */
const BEFORE: Record<string, [number, OwnershipEvent][]> = {
  asking: [
    [0, { type: 'start' }],
    [0, { type: 'consuming' }],
  ],
  working: [
    [0, { type: 'start' }],
    [0, { type: 'consuming' }],
    [0, { type: 'delivered', sequence: 7 }],
    [0, { type: 'loaded', turn: 1 }],
  ],
}

test.each(cases)('$name', ({ from = '', steps }) => {
  const ownership = new Ownership()
  for (const [now, event] of BEFORE[from] ?? []) ownership.on(event, now)
  const told = (steps as Step[]).map(([now, event]) => [now, event, ownership.on(event, now)])
  expect(told).toEqual(steps)
})
