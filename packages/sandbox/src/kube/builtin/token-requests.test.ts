import { describe, expect, test } from 'vitest'
import { createSigningKey, ServiceAccountTokens } from '../authn/mod.ts'
import type { KubeObject } from '../objects.ts'
import { tokenRequests } from './token-requests.ts'

const NAMES = { issuer: 'https://kcp.default.svc', clusterExtra: 'authentication.kcp.io/cluster-name' }

const NOW = new Date('2026-01-02T03:04:05.678Z')
const ACCOUNT = {
  ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
  metadata: { name: 'robot', namespace: 'default', uid: 'uid-1' },
}
const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bearer', namespace: 'default', uid: 'uid-9' } }
const accounts = {
  serviceAccount: () => ACCOUNT,
  secret: (_: string, __: string, name: string) => (name === 'bearer' ? SECRET : undefined),
}
const tokens = new ServiceAccountTokens({ ...NAMES, signingKey: createSigningKey(), accounts, now: () => NOW })
const context = {
  ...{ cluster: 'root:team', subresource: 'token', now: NOW },
  user: { username: 'admin', groups: [], extra: {} },
}

function ask(spec: object, metadata = {}) {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec }
  return tokenRequests(tokens, accounts).create!(ACCOUNT, body, context) as KubeObject & {
    spec: object
    status: { token: string; expirationTimestamp: string }
  }
}

describe('serviceaccounts/token', () => {
  test('gives a token of that account in that logical cluster, for an hour unless told otherwise', () => {
    const { metadata, spec, status } = ask({})
    expect(metadata).toEqual({ ...ACCOUNT.metadata, creationTimestamp: '2026-01-02T03:04:05Z' })
    expect(spec).toEqual({ audiences: ['https://kcp.default.svc'], expirationSeconds: 3600, boundObjectRef: null })
    expect(status.expirationTimestamp).toBe('2026-01-02T04:04:05Z')
    expect(tokens.verify(status.token)?.user).toMatchObject({
      ...{ username: 'system:serviceaccount:default:robot', uid: 'uid-1' },
      extra: { 'authentication.kcp.io/cluster-name': ['root:team'] },
    })
  })

  test('binds it to a Secret', () => {
    const { status } = ask({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bearer' } })
    expect(tokens.verify(status.token)).toBeDefined()
  })

  test.each([
    [{ expirationSeconds: 5 }, {}, 'may not specify a duration less than 10 minutes'],
    [{ expirationSeconds: 2 ** 33 }, {}, 'may not specify a duration larger than 2^32 seconds'],
    [{}, { name: 'other' }, 'must match the service account name if specified'],
    [{}, { namespace: 'other' }, 'must match the service account namespace if specified'],
    [{}, { uid: 'other' }, 'does not match the UID of the service account (uid-1)'],
    [{ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'none' } }, {}, 'secrets "none" not found'],
    [
      { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'bearer', uid: 'x' } },
      {},
      'does not match the UID in record',
    ],
    [
      { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } },
      {},
      'cannot bind token to object of type /v1, Kind=Pod',
    ],
  ])('refuses %j of %j: %s', (spec, metadata, because) => {
    expect(() => ask(spec, metadata)).toThrow(because)
  })
})
