import { expect, test } from 'vitest'
import { getCondition, setCondition } from './conditions.ts'

const at = (time: string) => new Date(`2026-11-21T${time}Z`)
const ready = { type: 'Ready', status: 'True', reason: 'Ok', message: '' } as const

test('a new condition has the time of its setting, in whole seconds', () => {
  expect(setCondition(undefined, ready, at('03:00:00.999'))).toEqual([
    { ...ready, lastTransitionTime: '2026-11-21T03:00:00Z' },
  ])
})

test('the time stays while the status stays, whatever else changes', () => {
  const first = setCondition([], ready, at('03:00:00'))
  expect(setCondition(first, { ...ready, message: 'still' }, at('04:00:00'))).toEqual([
    { ...ready, message: 'still', lastTransitionTime: '2026-11-21T03:00:00Z' },
  ])
})

test('the time changes when the status does', () => {
  const first = setCondition([], ready, at('03:00:00'))
  const second = setCondition(first, { ...ready, status: 'False' }, at('04:00:00'))
  expect(getCondition(second, 'Ready')?.lastTransitionTime).toBe('2026-11-21T04:00:00Z')
})

test('conditions are sorted by type, and the given list is left alone', () => {
  const first = setCondition([], ready, at('03:00:00'))
  const second = setCondition(first, { ...ready, type: 'Placed' }, at('03:00:00'))
  expect(second.map(({ type }) => type)).toEqual(['Placed', 'Ready'])
  expect(first).toHaveLength(1)
})
