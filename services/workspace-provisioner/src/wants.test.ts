import { expect, test } from 'vitest'
import type { Wanted } from './context.ts'
import { Wants } from './wants.ts'

const staged: Wanted = { name: 's', providerCluster: 'p', apiExportName: 'things', consumerCluster: 'c' }
const trial: Wanted = { name: 'v', providerCluster: 'p', apiExportName: 'things' }

test('a workspace is wanted as long as one key wants it', () => {
  const wants = new Wants()
  wants.set('a', [staged])
  wants.set('b', [staged])
  wants.set('a', [])
  expect(wants.get('s')).toEqual(staged)
  expect([...wants.keysOf('s')]).toEqual(['b'])
  wants.set('b', [])
  expect(wants.get('s')).toBeUndefined()
  expect([...wants.stagedAt(trial)]).toEqual([])
})

test('a key that moves wants what it moves to, and no longer what it left', () => {
  const wants = new Wants()
  const other = { ...staged, name: 't', providerCluster: 'q' }
  wants.set('a', [staged, other])
  wants.set('a', [other])
  expect([wants.get('s'), wants.get('t')]).toEqual([undefined, other])
  expect([...wants.of('a')]).toEqual(['t'])
})

test('workspaces for copies are found by their export, trials are not among them', () => {
  const wants = new Wants()
  wants.set('a', [staged])
  wants.set('offer', [trial])
  expect([...wants.stagedAt(trial)]).toEqual(['s'])
})

test('keys that no export serves are handed out once', () => {
  const wants = new Wants()
  wants.addUnserved('a', 'p')
  expect([...wants.takeUnserved('p')]).toEqual(['a'])
  expect([...wants.takeUnserved('p')]).toEqual([])
})
