import { expect, test } from 'vitest'
import { serviceSetLayout } from './kcp-layout.ts'
import { offerConditionType } from './names.ts'

test.each([
  ['the broker of a whole kcp', undefined, {}, 'root:platform:broker', 'root:platform:broker:staging'],
  ['the set of a shard', 'alpha', {}, 'root:platform:broker-alpha', 'root:platform:broker-alpha:staging'],
  ['a set at a given place', 'alpha', { coordinationWorkspace: 'root:eu' }, 'root:eu', 'root:eu:staging'],
  ['a given tree root', 'alpha', { stagingTreeRoot: 'root:copies' }, 'root:platform:broker-alpha', 'root:copies'],
])('%s has its workspaces together', (_name, shard, given, coordinationWorkspace, stagingTreeRoot) => {
  const verificationTreeRoot = `${coordinationWorkspace}:verification`
  expect(serviceSetLayout(shard, given)).toEqual({ coordinationWorkspace, stagingTreeRoot, verificationTreeRoot })
})

test('sets of services have their words on an offer beside one another', () => {
  expect(offerConditionType('Ready', undefined)).toBe('Ready')
  expect(offerConditionType('Ready', 'alpha')).toBe('alpha/Ready')
})
