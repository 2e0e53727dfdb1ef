import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ServerClock } from './server-clock.ts'

const OWN = Date.parse('2026-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

beforeEach(() => void vi.useFakeTimers({ now: OWN, toFake: ['Date', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** An answer of a server that is so far ahead of the own clock, after so long a way there and back. */
function ask(clock: ServerClock, aheadMs: number, thereMs = 0, backMs = 0): void {
  const sentAt = performance.now()
  vi.advanceTimersByTime(thereMs)
  const date = new Date(Date.now() + aheadMs).toUTCString()
  vi.advanceTimersByTime(backMs)
  clock.heard(date, sentAt)
}

const errorMs = (clock: ServerClock, aheadMs: number) => Math.abs(clock.now().getTime() - Date.now() - aheadMs)

test('before the first answer the own clock counts', () => {
  expect(new ServerClock().now()).toEqual(new Date(OWN))
})

test.each([HOUR_MS, -HOUR_MS, 0])('a server that is ahead by %d ms is known within half a second', (aheadMs) => {
  const clock = new ServerClock()
  ask(clock, aheadMs)
  expect(errorMs(clock, aheadMs)).toBeLessThanOrEqual(500)
})

test('more answers tell more, and the time that passes counts', () => {
  const clock = new ServerClock()
  for (let asked = 0; asked < 20; asked++) {
    ask(clock, 250, 3, 4)
    vi.advanceTimersByTime(130)
  }
  vi.advanceTimersByTime(HOUR_MS)
  expect(errorMs(clock, 250)).toBeLessThan(70)
})

test('an answer that was long on its way tells little, and takes nothing back', () => {
  const clock = new ServerClock()
  ask(clock, HOUR_MS)
  ask(clock, HOUR_MS, 20_000, 20_000)
  expect(errorMs(clock, HOUR_MS)).toBeLessThanOrEqual(500)
})

test('a clock that is set is followed', () => {
  const clock = new ServerClock()
  ask(clock, HOUR_MS)
  ask(clock, -HOUR_MS)
  expect(errorMs(clock, -HOUR_MS)).toBeLessThanOrEqual(500)
})

test.each([undefined, 'soon'])('an answer that says %s tells nothing', (date) => {
  const clock = new ServerClock()
  clock.heard(date, performance.now())
  expect(clock.now()).toEqual(new Date(OWN))
})
