import { beforeEach, describe, expect, test } from 'vitest'
import type { KubeObject } from '../objects.ts'
import type { UserInfo } from '../user.ts'
import { GrantedRules } from './granted-rules.ts'
import { PolicyIndex } from './policy.ts'

const ROLES = { apiVersion: 'rbac.authorization.k8s.io/v1' }
const role = (kind: string, name: string, verb: string, namespace?: string): KubeObject => ({
  ...{ ...ROLES, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } },
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: [verb] }],
})
const binding = (kind: string, name: string, to: string, namespace?: string): KubeObject => ({
  ...{ ...ROLES, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } },
  ...{ roleRef: { kind: 'ClusterRole', name: 'reader' }, subjects: [{ kind: 'Group', name: to }] },
})
const user = (...groups: string[]): UserInfo => ({ username: 'alice', groups, extra: {} })

describe('the rules of a user', () => {
  let own: PolicyIndex
  let shared: PolicyIndex
  let clusters: Map<string, PolicyIndex>
  let granted: GrantedRules

  beforeEach(() => {
    own = new PolicyIndex()
    shared = new PolicyIndex()
    clusters = new Map([['here', own]])
    granted = new GrantedRules([{ policy: (cluster) => clusters.get(cluster) }, { policy: () => shared }])
    own.set(role('ClusterRole', 'reader', 'get'))
    own.set(binding('ClusterRoleBinding', 'readers', 'team'))
  })

  const verbs = (who = user('team'), cluster = 'here', namespace = 'default') =>
    granted.of(who, cluster, namespace).rules.flatMap(({ rule }) => rule.verbs)

  test('are found once as long as nothing changes, for others of that name and these groups too', () => {
    const found = granted.of(user('team'), 'here', 'default')
    expect(granted.of(user('team'), 'here', 'default')).toBe(found)
    expect(verbs()).toEqual(['get'])
  })

  test('are not those of another user, logical cluster or namespace', () => {
    own.set(binding('RoleBinding', 'more', 'team', 'default'))
    expect(verbs()).toEqual(['get', 'get'])
    expect(verbs(user('team'), 'here', 'other')).toEqual(['get'])
    expect(verbs(user('team'), 'elsewhere')).toEqual([])
    expect(verbs(user('te', 'am'))).toEqual([])
    expect(verbs({ ...user(), username: 'team' })).toEqual([])
  })

  const changes: [string, () => void, string[]][] = [
    ['a role that changes', () => own.set(role('ClusterRole', 'reader', 'list')), ['list']],
    ['a role that is deleted', () => own.delete('ClusterRole', '', 'reader'), []],
    ['a binding to others', () => own.set(binding('ClusterRoleBinding', 'readers', 'others')), []],
    ['a binding that is deleted', () => own.delete('ClusterRoleBinding', '', 'readers'), []],
    ['a binding that comes', () => own.set(binding('RoleBinding', 'more', 'team', 'default')), ['get', 'get']],
    ['a binding in another source', () => shared.set(binding('ClusterRoleBinding', 'x', 'team')), ['get', 'get']],
    ['a policy that counts no more', () => clusters.delete('here'), []],
    ['another policy in its place', () => clusters.set('here', new PolicyIndex()), []],
  ]
  test.each(changes)('are found anew after %s', (_, change, after) => {
    expect(verbs()).toEqual(['get'])
    change()
    expect(verbs()).toEqual(after)
  })

  test('come back when what was taken is given again', () => {
    own.delete('ClusterRole', '', 'reader')
    expect(granted.of(user('team'), 'here', '')).toMatchObject({
      ...{ rules: [], errors: ['clusterrole.rbac.authorization.k8s.io "reader" not found'] },
    })
    own.set(role('ClusterRole', 'reader', 'get'))
    expect(granted.of(user('team'), 'here', '')).toMatchObject({ rules: [{ rule: { verbs: ['get'] } }], errors: [] })
  })
})
