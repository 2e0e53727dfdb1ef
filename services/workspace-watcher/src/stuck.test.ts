import { Assignment, conditionTypes, reasons } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { expect, test } from 'vitest'
import { Stuck } from './stuck.ts'

const assignment = (name: string, provider: string, reason?: string): KubeObject => ({
  ...{ apiVersion: Assignment.apiVersion, kind: Assignment.kind },
  metadata: { name: `assignment-${name}`, uid: 'u', resourceVersion: '1' },
  spec: { consumerCluster: 'acme', namespace: 'default', name, providerCluster: provider, acceptAPIName: 'small' },
  status: { phase: 'Bound', conditions: reason === undefined ? [] : [{ type: conditionTypes.accepted, reason }] },
})

test('what drained providers keep is listed by provider, and told of when it comes and goes', () => {
  const told: string[] = []
  const stuck = new Stuck((provider) => void told.push(provider))
  const set = (name: string, ...of: [provider: string, reason?: string]) =>
    stuck.set(`assignment-${name}`, assignment(name, ...of))
  set('b', 'alpha', reasons.nobodyElseAccepts)
  set('a', 'alpha', reasons.nobodyElseAccepts)
  set('a', 'alpha', reasons.nobodyElseAccepts)
  set('c', 'beta', reasons.nobodyElseAccepts)
  set('d', 'alpha', reasons.accepted)
  set('e', 'alpha')
  expect([stuck.of('alpha'), stuck.of('beta')]).toEqual([['acme/default/a', 'acme/default/b'], ['acme/default/c']])
  expect(told).toEqual(['alpha', 'alpha', 'beta'])
  set('a', 'beta', reasons.nobodyElseAccepts)
  set('b', 'alpha', reasons.accepted)
  stuck.set('assignment-c', null)
  expect([stuck.of('alpha'), stuck.of('beta')]).toEqual([[], ['acme/default/a']])
  expect(told.slice(3)).toEqual(['alpha', 'beta', 'alpha', 'beta'])
})
