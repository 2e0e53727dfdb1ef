import { describe, expect, test } from 'vitest'
import type { UserInfo } from '../../kube/user.ts'
import { effectiveUsers, scopeExtra, warrantExtra } from './effective-users.ts'

const alice = (extra: Record<string, string[]> = {}): UserInfo => ({
  username: 'alice',
  groups: ['team', 'system:authenticated'],
  extra,
})
const account = (...clusters: string[]): UserInfo => ({
  username: 'system:serviceaccount:default:robot',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  extra: clusters.length === 0 ? {} : { 'authentication.kcp.io/cluster-name': clusters },
})
const names = (user: UserInfo, cluster: string) => effectiveUsers(user, cluster).map(({ username }) => username)

describe('whose rights count', () => {
  test('those of the user', () => {
    expect(effectiveUsers(alice(), 'here')).toEqual([alice()])
  })

  test('of a user out of scope, those of anybody who is authenticated', () => {
    expect(names(alice(scopeExtra('here')), 'here')).toEqual(['alice'])
    expect(effectiveUsers(alice(scopeExtra('there')), 'here')).toEqual([
      { username: 'system:anonymous', groups: ['system:authenticated', 'system:cluster:there'], extra: {} },
    ])
  })

  test('several scopes must all hold, one of those in one value', () => {
    const scopes = (...values: string[]) => alice({ 'authentication.kcp.io/scopes': values })
    expect(names(scopes('cluster:a,cluster:here'), 'here')).toEqual(['alice'])
    expect(names(scopes('cluster:here', 'cluster:a'), 'here')).toEqual(['system:anonymous'])
    expect(names(scopes(''), 'here')).toEqual(['system:anonymous'])
  })

  test('of a service account at home, those of its global name too', () => {
    const global = 'system:kcp:serviceaccount:here:default:robot'
    expect(names(account('here'), 'here')).toEqual(['system:serviceaccount:default:robot', global])
    expect(names(account(), 'here')).toEqual(['system:serviceaccount:default:robot', global])
  })

  test('of a service account of somewhere else, those of its global name alone', () => {
    expect(names(account('there'), 'here')).toEqual([
      'system:anonymous',
      'system:kcp:serviceaccount:there:default:robot',
    ])
  })

  test('those of warrants, each in its own scope, and of warrants of warrants', () => {
    const inner = { ...alice(scopeExtra('here')), username: 'inner' }
    const outer = { username: 'outer', groups: [], extra: warrantExtra(inner) }
    expect(names(alice(warrantExtra(outer)), 'here')).toEqual(['alice', 'outer', 'inner'])
    expect(names(alice(warrantExtra(outer)), 'there')).toEqual(['alice', 'outer', 'system:anonymous'])
  })

  test('none of a warrant that is no warrant, or of a service account without a logical cluster', () => {
    const warrant = (text: string) => alice({ 'authorization.kcp.io/warrant': [text] })
    for (const text of ['', '[]', '{', 'null']) expect(names(warrant(text), 'here')).toEqual(['alice'])
    expect(names(alice(warrantExtra(account())), 'here')).toEqual(['alice'])
  })

  test('a chain of warrants without end ends', () => {
    let user = alice()
    for (let depth = 0; depth < 20; depth++) user = { ...alice(), extra: warrantExtra(user) }
    expect(effectiveUsers(user, 'here').length).toBeLessThan(20)
  })
})
