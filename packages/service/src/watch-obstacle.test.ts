import { expect, test } from 'vitest'
import type { Logger } from './logger.ts'
import { WatchObstacle } from './watch-obstacle.ts'

const lines: unknown[] = []
const say = (fields: object, message: string) => void lines.push([message, fields])
const logger = { info: say, warn: say } as unknown as Logger
const interrupted = { type: 'disconnected', error: new Error('no answer'), retryInMs: 1 } as const

test('what is not known yet says why, and no more once it is known', () => {
  const obstacle = new WatchObstacle('Providers')
  expect(obstacle.reason).toBe('the Providers of the platform are not known yet')
  obstacle.heed(interrupted, logger)
  expect(obstacle.reason).toBe('the Providers of the platform cannot be listed: no answer')
  obstacle.synced()
  expect(obstacle.reason).toBeUndefined()
})

test('a watch that is interrupted later is no obstacle: what is known stays', () => {
  const obstacle = new WatchObstacle('Providers')
  obstacle.synced()
  obstacle.heed(interrupted, logger)
  expect(obstacle.reason).toBeUndefined()
})

test('a platform that does not serve the kind is one at any time', () => {
  const obstacle = new WatchObstacle('OfferUsages')
  obstacle.synced()
  obstacle.heed({ type: 'absent', retryInMs: 1 }, logger)
  expect(obstacle.reason).toBe('the platform does not serve OfferUsages: apply the CRDs of this version')
})

test('the log tells whenever a watch is interrupted, and that the kind is not served', () => {
  const obstacle = new WatchObstacle('OfferUsages')
  lines.length = 0
  for (const event of [interrupted, { type: 'absent', retryInMs: 1 }, { type: 'connected' }] as const)
    obstacle.heed(event, logger)
  const watch = 'OfferUsages'
  expect(lines).toEqual([
    ['watch of the platform interrupted', { watch, err: interrupted.error, retryInMs: 1 }],
    ['not served by the platform: nothing is seen of it until it is', { watch }],
  ])
})
