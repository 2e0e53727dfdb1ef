import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../kube/objects.ts'
import { conditionOf, isTrue, markFalse, markTrue, summarize } from './conditions.ts'

const FIRST = new Date('2026-01-01T00:00:00Z')
const LATER = new Date('2026-01-02T00:00:00Z')
const WHY = { severity: 'Error' as const, reason: 'Broken', message: 'it is broken' }

const object = (): KubeObject => ({ apiVersion: 'v1', kind: 'Thing', metadata: {}, status: { phase: 'x' } })

describe('conditions', () => {
  test('stand beside the rest of the status', () => {
    const thing = object()
    markTrue(thing, 'Done', FIRST)
    expect(thing['status']).toEqual({
      phase: 'x',
      conditions: [{ type: 'Done', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    })
  })

  test('keep the time of their last transition while nothing changes', () => {
    const thing = object()
    markFalse(thing, 'Done', WHY, FIRST)
    markFalse(thing, 'Done', WHY, LATER)
    expect(conditionOf(thing, 'Done')?.lastTransitionTime).toBe('2026-01-01T00:00:00Z')
    markTrue(thing, 'Done', LATER)
    expect(conditionOf(thing, 'Done')).toEqual({
      type: 'Done',
      status: 'True',
      lastTransitionTime: '2026-01-02T00:00:00Z',
    })
  })

  test('come with Ready first, then by name', () => {
    const thing = object()
    for (const type of ['B', 'Ready', 'A']) markTrue(thing, type, FIRST)
    expect((thing['status'] as { conditions: { type: string }[] }).conditions.map(({ type }) => type)).toEqual([
      'Ready',
      'A',
      'B',
    ])
  })

  test('make Ready what the first that is False says', () => {
    const thing = object()
    markTrue(thing, 'A', FIRST)
    summarize(thing, ['A', 'B'], FIRST)
    expect(isTrue(thing, 'Ready')).toBe(true)
    markFalse(thing, 'B', WHY, FIRST)
    summarize(thing, ['A', 'B'], FIRST)
    expect(conditionOf(thing, 'Ready')).toMatchObject({ status: 'False', ...WHY })
  })
})
