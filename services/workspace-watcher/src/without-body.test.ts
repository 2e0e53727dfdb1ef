import { type Publication, TooLargeError } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { withoutBody } from './without-body.ts'

const error = new TooLargeError('subject', 2_000_000, 1_048_576)
const ref = { cluster: 'acme', gvr: { group: '', version: 'v1', resource: 'things' }, name: 'a' }
const metadata = { name: 'a', uid: 'u', resourceVersion: '7', deletionTimestamp: 'now', finalizers: ['f'] }
const object = { apiVersion: 'v1', kind: 'Thing', metadata: { ...metadata, managedFields: ['much'] }, data: 'x' }

test('an object that no message can carry is told of by its metadata, its size and the limit', () => {
  const publication: Publication = { part: 'source', key: 'k', message: { ref, object }, version: '7' }
  expect(withoutBody(publication, error)).toEqual({
    part: 'source',
    key: 'k',
    message: {
      ref,
      object: { apiVersion: 'v1', kind: 'Thing', metadata },
      tooLarge: { bytes: 2_000_000, limit: 1_048_576 },
    },
    version: '7-without-body',
  })
})

test('a record of the platform has no such word, nor has what is gone', () => {
  expect(withoutBody({ part: 'assignment', key: 'k', message: { name: 'a', object } }, error)).toBeUndefined()
  expect(withoutBody({ part: 'source', key: 'k', message: { ref, object: null } }, error)).toBeUndefined()
})
