import fc from 'fast-check'
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

/** By how much the time that is known is behind the server's. */
const behindMs = (clock: ServerClock, aheadMs: number) => Date.now() + aheadMs - clock.now().getTime()

function expectBehind(clock: ServerClock, aheadMs: number, atMost: number): void {
  expect(behindMs(clock, aheadMs)).toBeGreaterThanOrEqual(0)
  expect(behindMs(clock, aheadMs)).toBeLessThan(atMost)
}

test('before the first answer the own clock counts', () => {
  expect(new ServerClock().now()).toEqual(new Date(OWN))
})

test.each([HOUR_MS, -HOUR_MS, 0])('a server that is ahead by %d ms is known within a second', (aheadMs) => {
  const clock = new ServerClock()
  ask(clock, aheadMs)
  expectBehind(clock, aheadMs, 1_000)
})

test('more answers tell more, and the time that passes counts', () => {
  const clock = new ServerClock()
  for (let asked = 0; asked < 20; asked++) {
    ask(clock, 250, 3, 4)
    vi.advanceTimersByTime(130)
  }
  vi.advanceTimersByTime(HOUR_MS)
  expectBehind(clock, 250, 70)
})

test('an answer that was long on its way tells little, and takes nothing back', () => {
  const clock = new ServerClock()
  ask(clock, HOUR_MS)
  ask(clock, HOUR_MS, 20_000, 20_000)
  expectBehind(clock, HOUR_MS, 1_000)
})

test('the time never runs back, whenever in its second the server answers and however long that takes', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ pause: fc.nat(1_500), there: fc.nat(400), back: fc.nat(400) })), (answers) => {
      const clock = new ServerClock()
      ask(clock, HOUR_MS)
      let before = clock.now().getTime()
      for (const { pause, there, back } of answers) {
        vi.advanceTimersByTime(pause)
        ask(clock, HOUR_MS, there, back)
        const now = clock.now().getTime()
        expect(now - before).toBeGreaterThanOrEqual(pause + there + back)
        expectBehind(clock, HOUR_MS, 1_400)
        before = now
      }
    }),
  )
})

test.each([HOUR_MS, -HOUR_MS])(
  'a clock that is set by %d ms is followed, and known as well as before after some answers',
  (byMs) => {
    const clock = new ServerClock()
    ask(clock, 0)
    ask(clock, byMs)
    expect(Math.abs(behindMs(clock, byMs))).toBeLessThanOrEqual(1_000)
    for (let asked = 0; asked < 20; asked++) {
      vi.advanceTimersByTime(130)
      ask(clock, byMs)
    }
    expect(Math.abs(behindMs(clock, byMs))).toBeLessThan(70)
  },
)

test('a server whose seconds are longer than the own ones is followed without a leap back', () => {
  const clock = new ServerClock()
  let before = 0
  for (let asked = 0; asked < 10_000; asked++) {
    vi.advanceTimersByTime(37)
    ask(clock, -asked * 0.02)
    const now = clock.now().getTime()
    expect(now).toBeGreaterThanOrEqual(before)
    before = now
  }
  expect(Math.abs(behindMs(clock, -10_000 * 0.02))).toBeLessThan(40)
})

test.each([undefined, 'soon'])('an answer that says %s tells nothing', (date) => {
  const clock = new ServerClock()
  clock.heard(date, performance.now())
  expect(clock.now()).toEqual(new Date(OWN))
})
