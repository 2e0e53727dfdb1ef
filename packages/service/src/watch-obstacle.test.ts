import { expect, test } from 'vitest'
import { WatchObstacle } from './watch-obstacle.ts'

const interrupted = { type: 'disconnected', error: new Error('no answer'), retryInMs: 1 } as const

test('what is not known yet says why, and no more once it is known', () => {
  const obstacle = new WatchObstacle('Providers')
  expect(obstacle.reason).toBe('the Providers of the platform are not known yet')
  obstacle.heed(interrupted)
  expect(obstacle.reason).toBe('the Providers of the platform cannot be listed: no answer')
  obstacle.synced()
  expect(obstacle.reason).toBeUndefined()
})

test('a watch that is interrupted later is no obstacle: what is known stays', () => {
  const obstacle = new WatchObstacle('Providers')
  obstacle.synced()
  obstacle.heed(interrupted)
  expect(obstacle.reason).toBeUndefined()
})

test('a platform that does not serve the kind is one at any time', () => {
  const obstacle = new WatchObstacle('OfferUsages')
  obstacle.synced()
  obstacle.heed({ type: 'absent', retryInMs: 1 })
  expect(obstacle.reason).toBe('the platform does not serve OfferUsages: apply the CRDs of this version')
})
