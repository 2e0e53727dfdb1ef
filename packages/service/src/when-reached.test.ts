import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { whenReached } from './when-reached.ts'

class AwayError extends Error {}
const isAway = (error: unknown) => error instanceof AwayError

/** What a service is told of its start. */
function surroundings() {
  const lines: { level: string; msg: string; why?: string }[] = []
  const stopping = new AbortController()
  let check: () => unknown = () => 'never given'
  const logger = createLogger(
    { logLevel: 'info', logFormat: 'json' },
    { write: (line) => void lines.push(JSON.parse(line)) },
  )
  return {
    ...{ logger, signal: stopping.signal, pause: async () => undefined },
    readyCheck: (_name: string, given: () => unknown) => {
      check = given
    },
    told: () => lines.map(({ level, why = '' }) => `${level} ${why}`),
    reason: () => check(),
    stop: () => stopping.abort(new Error('stopping')),
  }
}

test('who is away is waited for: each reason is told once, and readiness has the last until there is an answer', async () => {
  const around = surroundings()
  const answers = ['refused', 'refused', 'silent']
  const reasons: unknown[] = []
  const begin = async () => {
    reasons.push(around.reason())
    const why = answers.shift()
    if (why !== undefined) throw new AwayError(why)
    return 'begun'
  }
  expect(await whenReached('NATS', around, begin, isAway)).toBe('begun')
  expect(reasons).toEqual([undefined, 'refused', 'refused', 'silent'])
  expect(around.reason()).toBeUndefined()
  expect(around.told()).toEqual(['warn refused', 'warn silent', 'info '])
})

test('what no waiting can mend ends the start', async () => {
  const around = surroundings()
  const begin = () => Promise.reject(new TypeError('of no use'))
  await expect(whenReached('NATS', around, begin, isAway)).rejects.toThrow('of no use')
  expect(around.told()).toEqual([])
})

test('a stop ends the waiting', async () => {
  const around = surroundings()
  const begin = async () => {
    around.stop()
    throw new AwayError('refused')
  }
  await expect(whenReached('NATS', around, begin, isAway)).rejects.toThrow('stopping')
})
