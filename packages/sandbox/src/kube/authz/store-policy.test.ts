import { expect, test } from 'vitest'
import { openStore, type Store } from '../../store/mod.ts'
import { RbacAuthorizer, StorePolicySource } from './mod.ts'

const GROUP = 'rbac.authorization.k8s.io'
const encode = (object: object) => () => Buffer.from(JSON.stringify({ apiVersion: `${GROUP}/v1`, ...object }))

const READER = {
  ...{ kind: 'ClusterRole', metadata: { name: 'reader' } },
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
}
const BINDING = {
  ...{ kind: 'ClusterRoleBinding', metadata: { name: 'readers' }, roleRef: { kind: 'ClusterRole', name: 'reader' } },
  subjects: [{ kind: 'User', name: 'alice' }],
}
const roleKey = { resource: 'clusterroles', cluster: 'one', namespace: '', name: 'reader' }
const bindingKey = { resource: 'clusterrolebindings', cluster: 'one', namespace: '', name: 'readers' }

function authorizerOf(store: Store) {
  const authorizer = new RbacAuthorizer([new StorePolicySource(store)])
  return (cluster: string, username = 'alice') =>
    authorizer.authorize({
      ...{ cluster, user: { username, groups: [], extra: {} }, verb: 'get', group: '', version: 'v1' },
      ...{ resource: 'configmaps', subresource: '', namespace: 'default', name: '', path: '', isResourceRequest: true },
    })
}

test('what is written counts from then on, in its logical cluster, until it is deleted', async () => {
  const store = await openStore({})
  const ask = authorizerOf(store)
  const binding = store.create(bindingKey, encode(BINDING))
  expect(ask('one')).toEqual({
    ...{ allowed: false, reason: `RBAC: clusterrole.${GROUP} "reader" not found` },
  })
  store.create(roleKey, encode(READER))
  expect(ask('one')).toEqual({
    ...{
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "alice"',
    },
  })
  expect(ask('two').allowed).toBe(false)
  const changed = { ...BINDING, subjects: [{ kind: 'User', name: 'bob' }] }
  const next = store.update(bindingKey, binding.revision, encode(changed))
  expect([ask('one').allowed, ask('one', 'bob').allowed]).toEqual([false, true])
  store.delete(bindingKey, next.revision, encode(changed))
  expect(ask('one', 'bob').allowed).toBe(false)
  await store.close()
})

test('what was there before counts too', async () => {
  const store = await openStore({})
  store.create(bindingKey, encode(BINDING))
  store.create(roleKey, encode(READER))
  expect(authorizerOf(store)('one').allowed).toBe(true)
  await store.close()
})

test('of a logical cluster without any of these objects nothing is kept', async () => {
  const store = await openStore({})
  const source = new StorePolicySource(store)
  const [role, binding] = [store.create(roleKey, encode(READER)), store.create(bindingKey, encode(BINDING))]
  expect(source.policy('one')).toBeDefined()
  store.delete(roleKey, role.revision, encode(READER))
  expect(source.policy('one')).toBeDefined()
  store.delete(bindingKey, binding.revision, encode(BINDING))
  expect(source.policy('one')).toBeUndefined()
  await store.close()
})
