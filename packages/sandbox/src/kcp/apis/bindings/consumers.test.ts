import { expect, test } from 'vitest'
import type { ApiBinding } from '../types.ts'
import { Consumers } from './consumers.ts'
import { WaitingBindings } from './waiting-bindings.ts'

function bindingTo(exportCluster: string | undefined, name: string): ApiBinding {
  return {
    ...{ apiVersion: 'apis.kcp.io/v1alpha2', kind: 'APIBinding', metadata: { name: 'b' } },
    spec: { reference: { export: { name } } },
    ...(exportCluster !== undefined && { status: { apiExportClusterName: exportCluster } }),
  }
}

test('consumers are found by their export, and the first and the last of them are told', () => {
  const consumers = new Consumers()
  const told: string[] = []
  const end = consumers.watch((cluster, name) => told.push(`${cluster}|${name}`))
  consumers.set('a', 'b', bindingTo(undefined, 'x'))
  expect([consumers.has('p', 'x'), told]).toEqual([false, []])
  consumers.set('a', 'b', bindingTo('p', 'x'))
  consumers.set('a', 'b', bindingTo('p', 'x'))
  consumers.set('c', 'b', bindingTo('p', 'x'))
  expect([...consumers.of('p', 'x')]).toEqual([
    { cluster: 'a', binding: 'b' },
    { cluster: 'c', binding: 'b' },
  ])
  consumers.set('a', 'b', bindingTo('q', 'x'))
  consumers.set('c', 'b', undefined)
  expect(told).toEqual(['p|x', 'q|x', 'p|x'])
  end()
  consumers.set('a', 'b', undefined)
  expect([consumers.has('q', 'x'), told.length]).toEqual([false, 3])
})

test('what waits for one thing waits for no other', () => {
  const waiting = new WaitingBindings()
  waiting.set('a', 'x')
  waiting.set('b', 'x')
  waiting.set('a', 'y')
  expect([waiting.for('x'), waiting.for('y')]).toEqual([['b'], ['a']])
  waiting.set('b', undefined)
  expect(waiting.for('x')).toEqual([])
})
