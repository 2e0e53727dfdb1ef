import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../objects.ts'
import { createSigningKey, ServiceAccountTokens, TokenAuthenticator, TokenError } from './mod.ts'

const NAMES = { issuer: 'https://kcp.default.svc', clusterExtra: 'authentication.kcp.io/cluster-name' }

const NOW = new Date('2026-01-02T03:04:05Z')
const ROBOT = { cluster: 'root', namespace: 'default', name: 'robot', uid: 'uid-1' }
const KEY = createSigningKey()

/** Service accounts and Secrets that are there, with their uids. */
function setUp(found: Record<string, string> = { 'root/default/robot': 'uid-1' }) {
  let now = NOW
  const read = (cluster: string, namespace: string, name: string): KubeObject | undefined => {
    const uid = found[`${cluster}/${namespace}/${name}`]
    return uid === undefined ? undefined : { apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace, uid } }
  }
  const accounts = { serviceAccount: read, secret: read }
  const tokens = new ServiceAccountTokens({ ...NAMES, signingKey: KEY, accounts, now: () => now })
  const own = new Map([['made', { username: 'kcp-admin', groups: ['system:kcp:admin'], extra: {} }]])
  const authenticator = new TokenAuthenticator({ knownUser: (token) => own.get(token), serviceAccounts: tokens })
  const later = (seconds: number) => {
    now = new Date(NOW.getTime() + seconds * 1000)
  }
  return { tokens, authenticator, found, later }
}

const request = { account: ROBOT, audiences: [], expirationSeconds: 3600, now: NOW }

describe('authentication', () => {
  test('knows the tokens that it was told of', () => {
    expect(setUp().authenticator.authenticate({ bearerToken: 'made' })).toEqual({
      ...{ username: 'kcp-admin', groups: ['system:kcp:admin', 'system:authenticated'], extra: {} },
    })
  })

  test('takes a client without credentials as anonymous, and refuses a token that it does not know', () => {
    const { authenticator } = setUp()
    expect(authenticator.authenticate({})).toMatchObject({
      ...{ username: 'system:anonymous', groups: ['system:unauthenticated'] },
    })
    for (const bearerToken of ['nonsense', 'user-x-token', 'a.b.c', 'e30.e30.e30', 'constructor', '__proto__']) {
      expect(() => authenticator.authenticate({ bearerToken })).toThrow('Unauthorized')
    }
  })

  test('takes name and groups from a client certificate, before any token', () => {
    const clientCertificate = { commonName: 'carol', organizations: ['a', 'b'] }
    expect(setUp().authenticator.authenticate({ clientCertificate, bearerToken: 'nonsense' })).toEqual({
      ...{ username: 'carol', groups: ['a', 'b', 'system:authenticated'], extra: {} },
    })
  })
})

describe('who shows the same again', () => {
  test('is the same user, by a certificate of its connection or by a token', () => {
    const { tokens, authenticator } = setUp()
    const bearerToken = tokens.issue(request)
    for (const credentials of [{ bearerToken }, { clientCertificate: { commonName: 'carol', organizations: ['a'] } }]) {
      expect(authenticator.authenticate(credentials)).toBe(authenticator.authenticate(credentials))
    }
  })

  test('is not the one who shows another certificate, or another token of the account', () => {
    const { tokens, authenticator } = setUp()
    const carol = (...organizations: string[]) =>
      authenticator.authenticate({ clientCertificate: { commonName: 'carol', organizations } })
    expect([carol('a').groups, carol('b').groups]).toEqual([
      ['a', 'system:authenticated'],
      ['b', 'system:authenticated'],
    ])
    const [one, other] = [tokens.issue(request), tokens.issue(request)]
    const idOf = (bearerToken: string) =>
      authenticator.authenticate({ bearerToken }).extra['authentication.kubernetes.io/credential-id']
    expect(idOf(one)).not.toEqual(idOf(other))
  })
})

describe('the token of a service account', () => {
  test('is that account in its logical cluster', () => {
    const { tokens, authenticator } = setUp()
    const user = authenticator.authenticate({ bearerToken: tokens.issue(request) })
    expect(user).toMatchObject({
      ...{ username: 'system:serviceaccount:default:robot', uid: 'uid-1' },
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: { 'authentication.kcp.io/cluster-name': ['root'] },
    })
    expect(user.extra['authentication.kubernetes.io/credential-id']?.[0]).toMatch(/^JTI=/)
  })

  test('ends when it expires', () => {
    const { tokens, later } = setUp()
    const token = tokens.issue(request)
    later(3600)
    expect(tokens.verify(token)).toBeDefined()
    later(3661)
    expect(() => tokens.verify(token)).toThrow('service account token has expired')
  })

  test('ends with its account, and is not that of another account of the same name', () => {
    const { tokens, found } = setUp()
    const token = tokens.issue(request)
    found['root/default/robot'] = 'uid-2'
    expect(() => tokens.verify(token)).toThrow('service account UID (uid-2) does not match claim (uid-1)')
    delete found['root/default/robot']
    expect(() => tokens.verify(token)).toThrow('serviceaccounts "robot" not found')
  })

  test('ends with the Secret that it is bound to', () => {
    const { tokens, found } = setUp({ 'root/default/robot': 'uid-1', 'root/default/bearer': 'uid-9' })
    const token = tokens.issue({ ...request, secret: { name: 'bearer', uid: 'uid-9' } })
    const kept = tokens.issueForSecret(ROBOT, 'bearer')
    expect(tokens.verify(token)?.user.username).toBe('system:serviceaccount:default:robot')
    expect(tokens.verify(kept)?.user.username).toBe('system:serviceaccount:default:robot')
    delete found['root/default/bearer']
    expect(() => tokens.verify(token)).toThrow('service account token has been invalidated')
    expect(() => tokens.verify(kept)).toThrow('service account token has been invalidated')
  })

  test('is only for its audiences', () => {
    const { tokens } = setUp()
    const token = tokens.issue({ ...request, audiences: ['vault'] })
    expect(() => tokens.verify(token)).toThrow(TokenError)
    expect(tokens.verify(token, ['vault', 'other'])?.audiences).toEqual(['vault'])
  })

  test('is refused when anything in it was changed, or another key signed it', () => {
    const { tokens } = setUp()
    const [header, claims, signature] = tokens.issue(request).split('.')
    const forged = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as Record<string, unknown>
    forged['exp'] = 9_999_999_999
    const body = Buffer.from(JSON.stringify(forged)).toString('base64url')
    expect(() => tokens.verify(`${header}.${body}.${signature}`)).toThrow('invalid bearer token')
    const accounts = { serviceAccount: () => undefined, secret: () => undefined }
    const stranger = new ServiceAccountTokens({ ...NAMES, signingKey: createSigningKey(), accounts })
    expect(() => tokens.verify(stranger.issue(request))).toThrow('invalid bearer token')
  })
})
