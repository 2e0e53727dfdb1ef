import { type KeyView, TerminalError } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { consumerOf } from '../fixtures.ts'
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
