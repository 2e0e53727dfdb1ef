import { beforeEach, describe, expect, test } from 'vitest'
import { openStore, type Store } from '../../store/mod.ts'
import { createSigningKey, ServiceAccountTokens, storeAccounts } from './mod.ts'

const NAMES = { issuer: 'https://kcp.default.svc', clusterExtra: 'authentication.kcp.io/cluster-name' }

const AT = { cluster: 'one', namespace: 'default' }
const ACCOUNT = { ...AT, resource: 'serviceaccounts', name: 'robot' }
const SECRET = { ...AT, resource: 'secrets', name: 'bearer' }
const ROBOT = { ...AT, name: 'robot', uid: 'uid-1' }

const withUid = (uid: string) => () => Buffer.from(JSON.stringify({ metadata: { uid } }))

/** A token is let in once before anything happens, so that all that can be remembered of it is. */
describe('what a token in use rests on is looked at with each request', () => {
  let store: Store
  let tokens: ServiceAccountTokens

  beforeEach(async () => {
    store = await openStore({})
    const accounts = storeAccounts(() => [store])
    tokens = new ServiceAccountTokens({ ...NAMES, signingKey: createSigningKey(), accounts })
    store.create(ACCOUNT, withUid('uid-1'))
    store.create(SECRET, withUid('uid-9'))
  })

  const issued = (more: object = {}) => {
    const token = tokens.issue({ account: ROBOT, audiences: [], expirationSeconds: 3600, now: new Date(), ...more })
    for (const _ of [1, 2]) expect(tokens.verify(token)?.user.uid).toBe('uid-1')
    return token
  }
  const remove = (key: typeof ACCOUNT) => store.delete(key, store.get(key)!.revision, withUid('gone'))

  test('a service account that is deleted, and one of its name that comes instead', () => {
    const token = issued()
    remove(ACCOUNT)
    expect(() => tokens.verify(token)).toThrow('serviceaccounts "robot" not found')
    store.create(ACCOUNT, withUid('uid-2'))
    expect(() => tokens.verify(token)).toThrow('service account UID (uid-2) does not match claim (uid-1)')
  })

  test('a service account that changes stays who it is', () => {
    const token = issued()
    store.update(ACCOUNT, store.get(ACCOUNT)!.revision, withUid('uid-1'))
    expect(tokens.verify(token)?.user.uid).toBe('uid-1')
  })

  test('a Secret that is deleted, and one of its name that comes instead', () => {
    const bound = issued({ secret: { name: 'bearer', uid: 'uid-9' } })
    remove(SECRET)
    expect(() => tokens.verify(bound)).toThrow('service account token has been invalidated')
    store.create(SECRET, withUid('uid-10'))
    expect(() => tokens.verify(bound)).toThrow('service account token has been invalidated')
  })
})
