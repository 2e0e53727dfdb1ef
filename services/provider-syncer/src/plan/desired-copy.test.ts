import { annotations } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { describe, expect, test } from 'vitest'
import { gvr, ref, source } from '../fixtures.ts'
import { desiredCopy, isUpToDate } from './desired-copy.ts'

type Given = Partial<Parameters<typeof desiredCopy>[0]>

const made = (object: KubeObject, given: Given = {}) =>
  desiredCopy({ ref, source: object, provider: 'alpha', name: 'a', by: BY, ...given })
const BY = { brokerID: 'broker-1', assignmentUID: 'uid-assignment' }

describe('the desired copy', () => {
  test('has the content of the object, its origin, and nothing else of its metadata', () => {
    const metadata = {
      labels: { team: 'a' },
      annotations: { [annotations.providerCluster]: 'lie', other: 'x' },
      finalizers: ['f'],
      ownerReferences: [{ uid: 'o' }],
    }
    expect(
      made(source(metadata, { spec: { size: 1 }, data: { k: 'v' }, status: { status: 'Available' } }), {
        name: 'a-copy',
      }),
    ).toEqual({
      apiVersion: 'test.platform-mesh.io/v1',
      kind: 'Thing',
      metadata: {
        name: 'a-copy',
        namespace: 'default',
        annotations: {
          [annotations.consumerCluster]: 'acme',
          [annotations.consumerNamespace]: 'default',
          [annotations.consumerName]: 'a',
          [annotations.providerCluster]: 'alpha',
          [annotations.consumerUID]: 'uid-a',
          [annotations.consumerGeneration]: '2',
          [annotations.brokerID]: 'broker-1',
          [annotations.assignmentUID]: 'uid-assignment',
        },
      },
      spec: { size: 1 },
      data: { k: 'v' },
    })
  })

  test('of a cluster-scoped object has no namespace, neither its own nor in its origin', () => {
    const { namespace: _gone, ...metadata } = source().metadata
    const { metadata: its } = made({ ...source(), metadata }, { ref: { cluster: 'acme', gvr, name: 'a' } })
    expect(its).not.toHaveProperty('namespace')
    expect(its.annotations).not.toHaveProperty(annotations.consumerNamespace)
  })

  test('of an object without a generation says 0', () => {
    const { generation: _none, ...metadata } = source().metadata
    expect(made({ ...source(), metadata }).metadata.annotations[annotations.consumerGeneration]).toBe('0')
  })
})

describe('a copy is up to date', () => {
  const wanted = { list: [{ a: 1 }, 2], empty: {}, text: 'x', zero: 0, no: false }
  const desired = made(source({}, { spec: wanted }))
  const there = (spec: unknown, notes: Record<string, string> = {}) => {
    const { annotations: origin } = desired.metadata as { annotations: Record<string, string> }
    return source({ annotations: { ...origin, ...notes } }, { spec })
  }

  test.each([
    { why: 'it is the same', spec: wanted },
    { why: 'the provider added a field', spec: { ...wanted, owned: 1 } },
    { why: 'a default was added within a list', spec: { ...wanted, list: [{ a: 1, defaulted: true }, 2] } },
    { why: 'an empty object got fields of the provider', spec: { ...wanted, empty: { owned: 1 } } },
  ])('as $why', ({ spec }) => expect(isUpToDate(there(spec), desired)).toBe(true))

  test.each([
    { why: 'a value differs', spec: { ...wanted, text: 'y' } },
    { why: 'a value has another type', spec: { ...wanted, zero: '0' } },
    { why: 'a field is missing', spec: { list: wanted.list, empty: {}, text: 'x', zero: 0 } },
    { why: 'a list is longer', spec: { ...wanted, list: [{ a: 1 }, 2, 3] } },
    { why: 'a list is shorter', spec: { ...wanted, list: [{ a: 1 }] } },
    { why: 'an object is null', spec: { ...wanted, empty: null } },
    { why: 'a list became an object', spec: { ...wanted, list: { 0: { a: 1 }, 1: 2 } } },
    { why: 'a wanted field only exists on every object', spec: Object.create(wanted) as unknown },
    { why: 'there is no spec', spec: undefined },
  ])('not when $why', ({ spec }) => expect(isUpToDate(there(spec), desired)).toBe(false))

  test('not when its origin was changed, nor when it was made from an older generation', () => {
    expect(isUpToDate(there(wanted, { [annotations.consumerName]: 'b' }), desired)).toBe(false)
    expect(isUpToDate(there(wanted, { [annotations.consumerGeneration]: '1' }), desired)).toBe(false)
    expect(isUpToDate({ ...there(wanted), metadata: source().metadata }, desired)).toBe(false)
  })

  test('when somebody annotated it beside', () => {
    expect(isUpToDate(there(wanted, { 'example.org/note': 'x' }), desired)).toBe(true)
  })
})
