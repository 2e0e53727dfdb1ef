import { expect, test } from 'vitest'
import { readiness } from './readiness.ts'

const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  reason: 'R',
  message: `${type} is ${status}`,
  ...more,
})

test.each([
  ['Available', true],
  ['Degraded', true],
  ['Provisioning', false],
  ['Unknown', false],
  ['', false],
  ['Deleting', false],
  ['Failed', false],
  ['SomethingElse', false],
])('an object whose status.status is %j has ready %j', (word, ready) => {
  expect(readiness({ status: { status: word } })).toMatchObject({ ready, state: word === '' ? 'Unknown' : word })
})

test('status.status goes before conditions', () => {
  const status = { status: 'Provisioning', conditions: [condition('Ready', 'True')] }
  expect(readiness({ status })).toEqual({ ready: false, state: 'Provisioning', message: 'Ready is True' })
})

test('without status.status the Ready condition counts, then Available', () => {
  expect(readiness({ status: { conditions: [condition('Available', 'True')] } })).toMatchObject({
    ready: true,
    state: 'Ready',
  })
  const both = [condition('Available', 'True'), condition('Ready', 'False')]
  expect(readiness({ status: { conditions: both } })).toEqual({
    ready: false,
    state: 'NotReady',
    message: 'Ready is False',
  })
})

test('a status or a condition about an older generation is not ready', () => {
  const metadata = { generation: 2 }
  const message = 'the provider has not seen generation 2 yet'
  expect(readiness({ metadata, status: { status: 'Available', observedGeneration: 1 } })).toEqual({
    ready: false,
    state: 'NotReady',
    message,
  })
  const old = [condition('Ready', 'True', { observedGeneration: 1 })]
  expect(readiness({ metadata, status: { conditions: old } })).toEqual({ ready: false, state: 'NotReady', message })
  expect(readiness({ metadata, status: { status: 'Available', observedGeneration: 2 } }).ready).toBe(true)
})

test.each([
  undefined,
  null,
  3,
  {},
  { status: null },
  { status: [] },
  { status: {} },
  { status: { conditions: 'x' } },
  { status: { conditions: [null, 1] } },
])('%j is not ready and its state is unknown', (object) => {
  expect(readiness(object)).toMatchObject({ ready: false, state: 'Unknown' })
})
