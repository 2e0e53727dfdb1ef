import { describe, expect, test } from 'vitest'
import type { Attributes } from '../authorizer.ts'
import { impersonate } from './mod.ts'

const ALICE = { username: 'alice', groups: ['admins', 'system:authenticated'], extra: {} }
const ROOT = { username: 'root', groups: ['system:masters'], extra: {} }

const allowAll = { authorize: () => ({ allowed: true, reason: '' }) }
const limits = {
  special: (group: string) => ['admins', 'owners', 'system:masters'].includes(group),
  reserved: (key: string) => key.includes('kcp.io'),
  scope: (cluster: string) => ({ 'authentication.kcp.io/scopes': [`cluster:${cluster}`] }),
}

function become(headers: Record<string, string>, more: object = {}) {
  return impersonate({ cluster: 'root:team', user: ALICE, headers, authorizer: allowAll, ...more })
}

describe('impersonation', () => {
  test('changes nothing without its headers', () => {
    expect(become({ accept: '*/*' })).toBe(ALICE)
  })

  test('gives the named user, and marks it as authenticated', () => {
    const headers = { 'impersonate-user': 'bob', 'impersonate-uid': '7', 'impersonate-extra-example.com%2fa': 'x, y' }
    expect(become(headers)).toEqual({
      ...{ username: 'bob', uid: '7', groups: ['system:authenticated'], extra: { 'example.com/a': ['x', 'y'] } },
    })
    expect(become({ 'impersonate-user': 'bob', 'impersonate-group': 'a, b' }).groups).toEqual([
      'a',
      'b',
      'system:authenticated',
    ])
    expect(become({ 'impersonate-user': 'system:anonymous' }).groups).toEqual(['system:unauthenticated'])
  })

  test('gives a service account its groups', () => {
    expect(become({ 'impersonate-user': 'system:serviceaccount:ns:sa' }).groups).toEqual([
      ...['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    ])
  })

  test('asks for the right to be each part', () => {
    const asked: string[] = []
    const authorizer = {
      authorize({ verb, group, resource, subresource, namespace, name }: Attributes) {
        asked.push([verb, group, resource, subresource, namespace, name].join('|'))
        return { allowed: true, reason: '' }
      },
    }
    const headers = {
      'impersonate-user': 'system:serviceaccount:ns:sa',
      'impersonate-group': 'g',
      'impersonate-uid': 'u',
    }
    become({ ...headers, 'impersonate-extra-key': 'v' }, { authorizer })
    expect(asked).toEqual([
      'impersonate||serviceaccounts||ns|sa',
      'impersonate||groups|||g',
      'impersonate|authentication.k8s.io|userextras|key||v',
      'impersonate|authentication.k8s.io|uids|||u',
    ])
  })

  test('is refused in kube-apiserver’s words', () => {
    const authorizer = { authorize: () => ({ allowed: false, reason: '' }) }
    expect(() => become({ 'impersonate-user': 'bob' }, { authorizer })).toThrow(
      'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope',
    )
    expect(() => become({ 'impersonate-group': 'g' })).toThrow('without impersonating a user')
  })

  test('does not raise privilege, and stays in its logical cluster, for all but system:masters', () => {
    expect(become({ 'impersonate-user': 'bob', 'impersonate-group': 'admins' }, { limits }).extra).toEqual({
      'authentication.kcp.io/scopes': ['cluster:root:team'],
    })
    for (const group of ['owners', 'system:masters']) {
      expect(() => become({ 'impersonate-user': 'bob', 'impersonate-group': group }, { limits })).toThrow(
        /^forbidden: impersonation is not allowed for the requestor$/,
      )
    }
    const scopes = { 'impersonate-user': 'bob', 'impersonate-extra-authentication.kcp.io%2fscopes': 'cluster:a' }
    expect(() => become(scopes, { limits })).toThrow(
      /^forbidden: impersonating the extra key "authentication.kcp.io\/scopes" is not allowed for the requestor$/,
    )
    expect(become(scopes, { limits, user: ROOT }).extra).toEqual({ 'authentication.kcp.io/scopes': ['cluster:a'] })
    const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'owners' }
    expect(become(headers, { limits, user: ROOT })).toMatchObject({ username: 'bob', extra: {} })
  })
})
