import { Assignment, PolicyIndex } from '@resource-broker/api'
import { type KeyView, TerminalError } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, consumerOf, migration, NO_QUOTAS, offersOf, ref, source, viewOf } from '../fixtures.ts'
import { isAffected } from './reconsider.ts'

const context = { clusters: { consumers: { describe: consumerOf } } } as unknown as SchedulerContext

test('a key of which something is not readable is for the look itself to tell of: it does not hide a change from the others', () => {
  const broken = {
    get: () => {
      throw new TerminalError('the message of part source is not valid')
    },
  } as unknown as KeyView
  expect(isAffected(context, 'k', broken)).toBe(true)
})

test('so is an Assignment that is not readable, of an object that nobody has a word of', () => {
  const view = { get: (part: string) => (part === 'assignment' ? { object: { spec: {} } } : undefined) }
  const isUnsettled = (_key: string, { get }: KeyView) =>
    Assignment.of(get('assignment')?.object as object) === undefined
  const around = { ...context, capacity: { isUnsettled }, quotas: NO_QUOTAS } as unknown as SchedulerContext
  expect(isAffected(around, 'k', view as unknown as KeyView)).toBe(true)
})

test.each([
  { what: 'on its way to another', state: 'InitialInProgress', isLookedAt: true },
  { what: 'there, after a move that ended', state: 'Failed', isLookedAt: false },
] as const)('an object whose provider still accepts it and that is $what', ({ state, isLookedAt }) => {
  const view = viewOf({
    source: { ref, object: source() },
    assignment: assignment(),
    'migration/migration-1': migration({ state }),
  })
  const capacity = { usageBy: () => () => 0, isUnsettled: () => false }
  const around = {
    ...context,
    offers: { index: offersOf('alpha') },
    capacity,
    quotas: NO_QUOTAS,
    standings: { of: () => 'open', labels: () => undefined },
    policies: { index: new PolicyIndex() },
    now: () => new Date(0),
  } as unknown as SchedulerContext
  expect(isAffected(around, 'k', view)).toBe(isLookedAt)
})
