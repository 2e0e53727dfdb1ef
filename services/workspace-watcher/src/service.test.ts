import type { Publication } from '@resource-broker/bus'
import { expect, test, vi } from 'vitest'
import { publishing } from './service.ts'

/** Publishes by a bus that stores nothing until it is told to, or closes. */
function slow() {
  const stored = Promise.withResolvers<number>()
  const count = { add: () => undefined, inc: () => undefined, set: () => undefined, observe: () => undefined }
  const metrics = { counter: () => count, gauge: () => count, histogram: () => count }
  const service = { metrics, logger: { warn: () => undefined } }
  const publish = publishing(service as never, { publish: () => stored.promise } as never).publish
  const publication: Publication<'source'> = { part: 'source', key: 'k', message: {} as never }
  return {
    stored,
    publish: () =>
      (publish as (of: Publication, heard: () => void) => Promise<void> | undefined)(publication, () => undefined),
  }
}

test('a watch waits once more than 512 publications are under way, and not before', async () => {
  const { publish, stored } = slow()
  const before = Array.from({ length: 512 }, publish)
  expect(before.every((waits) => waits === undefined)).toBe(true)
  const waiting = publish()
  expect(waiting).toBeInstanceOf(Promise)
  stored.resolve(1)
  await waiting
  expect(publish()).toBeUndefined()
})

test('a connection that closes while more than that are under way is nobody’s unhandled rejection', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const { publish, stored } = slow()
  const waiting = Array.from({ length: 600 }, publish)
  stored.reject(new Error('the connection is closed'))
  await Promise.all(waiting)
  await new Promise((resolve) => setImmediate(resolve)) // Node tells of unhandled rejections after the turn
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
})
