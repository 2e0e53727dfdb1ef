import { expect, test } from 'vitest'
import { type ConsumerStatusInput, consumerStatus, sameStatus } from './consumer-status.ts'

const now = new Date('2026-11-21T03:00:00Z')
const placed = { type: 'Placed', status: 'True', reason: 'Placed', message: 'at internalca' } as const
const theirs = {
  type: 'Ready',
  status: 'True',
  reason: 'Issued',
  message: 'ok',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}
const input: ConsumerStatusInput = {
  copyStatus: undefined,
  conditions: [placed],
  previous: undefined,
  rename: (name) => name.replace('0123456789ab-', ''),
  namespace: 'default',
  now,
}
const ours = { ...placed, lastTransitionTime: '2026-11-21T03:00:00Z' }

test("the provider's fields and conditions come up, with ours beside them", () => {
  const copyStatus = { status: 'Available', serial: 7, conditions: [theirs] }
  expect(consumerStatus({ ...input, copyStatus })).toEqual({
    status: 'Available',
    serial: 7,
    conditions: [ours, theirs],
  })
})

test("related objects have the consumer's names and namespace; malformed ones stay behind", () => {
  const gvk = { group: 'core', version: 'v1', kind: 'Secret' }
  const relatedResources = {
    tls: { namespace: 'prov', name: '0123456789ab-cert-tls', gvk, extra: 1 },
    bad: { name: '../x', gvk },
  }
  expect(consumerStatus({ ...input, copyStatus: { relatedResources } })).toEqual({
    relatedResources: { tls: { namespace: 'default', name: 'cert-tls', gvk: { ...gvk, group: '' } } },
    conditions: [ours],
  })
})

test("a provider's condition of a type of ours does not get through, given by us or not", () => {
  const forged = ['Placed', 'Synced', 'Migrating'].map((type) => ({ ...theirs, type }))
  expect(consumerStatus({ ...input, copyStatus: { conditions: forged } })).toEqual({ conditions: [ours] })
})

test('our condition keeps its time while its status stays', () => {
  const previous = { conditions: [{ ...ours, lastTransitionTime: '2026-02-02T00:00:00Z', message: 'old' }] }
  expect(consumerStatus({ ...input, copyStatus: {}, previous })).toEqual({
    conditions: [{ ...ours, lastTransitionTime: '2026-02-02T00:00:00Z' }],
  })
})

test('what the provider no longer says goes, and so does a condition of ours that is not given', () => {
  const previous = { serial: 7, conditions: [{ ...ours, type: 'Migrating' }, theirs] }
  expect(consumerStatus({ ...input, copyStatus: { status: 'Available' }, previous })).toEqual({
    status: 'Available',
    conditions: [ours],
  })
})

test('without a copy to read what the consumer has stays', () => {
  const previous = { status: 'Available', conditions: [theirs] }
  expect(consumerStatus({ ...input, previous })).toEqual({ status: 'Available', conditions: [ours, theirs] })
})

test("the copy's generation becomes the consumer's, and an older one is left out", () => {
  const copyStatus = { observedGeneration: 3, conditions: [{ ...theirs, observedGeneration: 2 }] }
  expect(consumerStatus({ ...input, copyStatus, generations: { copy: 3, consumer: 8 } })).toEqual({
    observedGeneration: 8,
    conditions: [ours, theirs],
  })
})

test('conditions that are no conditions are left out, and of one type the first counts', () => {
  const copyStatus = { conditions: [null, 3, { status: 'True' }, theirs, { ...theirs, status: 'False' }] }
  expect(consumerStatus({ ...input, copyStatus })).toEqual({ conditions: [ours, theirs] })
})

test('two statuses are the same whatever the order of their keys', () => {
  expect(sameStatus({ a: 1, b: { c: [1, 2], d: null } }, { b: { d: null, c: [1, 2] }, a: 1 })).toBe(true)
  expect(sameStatus({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  expect(sameStatus({ a: 1 }, { a: 1, b: 2 })).toBe(false)
  expect(sameStatus({ a: undefined }, {})).toBe(true)
  expect(sameStatus(undefined, {})).toBe(true)
  expect(sameStatus({ a: 1 }, { b: 1 })).toBe(false)
  expect(sameStatus({ a: [] }, { a: {} })).toBe(false)
})
