import { type ControlPlane, waitFor } from '@resource-broker/testbed'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, THINGS, thing } from '../test/cluster.ts'
import { scratchDirectory } from '../test/scratch.ts'
import { KubeClient } from './client.ts'
import { resolveResource } from './discovery.ts'
import {
  isAlreadyExists,
  isConflict,
  isFieldConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  type KubeError,
} from './errors.ts'
import { isAppliedBy } from './managed-fields.ts'

const dir = scratchDirectory()
const STRANGER = '11111111-2222-3333-4444-555555555555'
const CONFIGMAPS = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }

type Thing = {
  metadata: { name: string; uid: string; resourceVersion: string; managedFields?: object }
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
}

let controlPlane: ControlPlane
let client: KubeClient
let count = 0

const fresh = () => ({ ...THINGS, name: `t${count++}` })
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => error as KubeError,
  )

beforeAll(async () => {
  ;({ controlPlane, client } = await startCluster('client', dir))
})

afterAll(async () => {
  client.close()
  await controlPlane.stop()
})

describe('a create-only apply', () => {
  test('creates what is absent, as fields that the manager applied', async () => {
    const ref = fresh()
    const made = await client.apply<Thing>(ref, thing(ref.name, { a: 1 }), { createOnly: true, force: true })
    expect(made.spec).toEqual({ a: 1 })
    expect(isAppliedBy(made, 'resource-broker')).toBe(true)
    const emptied = await client.apply<Thing>(ref, thing(ref.name, { b: 1 }), { force: true })
    expect(emptied.spec).toEqual({ b: 1 })
  })

  test('is refused where the object is there, whoever made it, and leaves it alone', async () => {
    const ref = fresh()
    const made = await client.create<Thing>(THINGS, thing(ref.name, { a: 1 }), { fieldManager: 'somebody' })
    const error = await refusal(client.apply(ref, thing(ref.name, { a: 2 }), { createOnly: true, force: true }))
    expect(isAlreadyExists(error)).toBe(true)
    expect(error.cause).toMatchObject({
      status: 422,
      reason: 'Invalid',
      details: {
        causes: [{ field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' }],
      },
    })
    expect(await client.get<Thing>(ref)).toEqual(made)
    expect(isAppliedBy(made, 'somebody')).toBe(false)
  })

  test('is no protection for a built-in kind: it would overwrite', async () => {
    const ref = { ...CONFIGMAPS, name: `c${count++}` }
    const body = (a: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ref.name }, data: { a } })
    await client.create(CONFIGMAPS, body('1'))
    expect(await client.apply(ref, body('2'), { createOnly: true, force: true })).toMatchObject({ data: { a: '2' } })
    expect(isAlreadyExists(await refusal(client.create(CONFIGMAPS, body('3'))))).toBe(true)
  })

  test('of many at once one wins', async () => {
    const ref = fresh()
    const calls = Array.from({ length: 8 }, (_, i) =>
      client.apply(ref, thing(ref.name, { i }), { createOnly: true, force: true, fieldManager: `m${i}` }),
    )
    const results = await Promise.allSettled(calls)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(isAlreadyExists(result.reason)).toBe(true)
  })
})

describe('metadata.uid in an apply', () => {
  test('refuses to create what is absent: 409 Conflict', async () => {
    const ref = fresh()
    const error = await refusal(client.apply(ref, thing(ref.name, {}, { uid: STRANGER }), { force: true }))
    expect(error).toMatchObject({ status: 409, reason: 'Conflict' })
    expect(error.message).toContain('uid mismatch')
    expect([isConflict(error), isAlreadyExists(error), isFieldConflict(error)]).toEqual([true, false, false])
    expect(isNotFound(await refusal(client.get(ref)))).toBe(true)
  })

  test('refuses another object of the name: 422 Invalid, which counts as a conflict', async () => {
    const ref = fresh()
    const { metadata } = await client.apply<Thing>(ref, thing(ref.name))
    const error = await refusal(client.apply(ref, thing(ref.name, { a: 1 }, { uid: STRANGER }), { force: true }))
    expect(error).toMatchObject({ status: 422, reason: 'Invalid' })
    expect([isConflict(error), isAlreadyExists(error)]).toEqual([true, false])
    await client.apply(ref, thing(ref.name, { a: 1 }, { uid: metadata.uid }), { force: true })
    expect(isConflict(await refusal(client.mergePatch(ref, { metadata: { uid: STRANGER }, spec: {} })))).toBe(true)
  })

  test('is ignored in the status: only resourceVersion guards there', async () => {
    const ref = fresh()
    const { metadata } = await client.apply<Thing>(ref, thing(ref.name))
    const body = (extra: object, a: number) => ({ ...thing(ref.name, {}, extra), status: { a } })
    const status = { force: true, subresource: 'status' } as const
    expect((await client.apply<Thing>(ref, body({ uid: STRANGER }, 1), status)).status).toEqual({ a: 1 })
    const patched = await client.mergePatch<Thing>(
      ref,
      { metadata: { uid: STRANGER }, status: { a: 2 } },
      { subresource: 'status' },
    )
    expect(patched.status).toEqual({ a: 2 })
    const error = await refusal(client.apply(ref, body({ resourceVersion: metadata.resourceVersion }, 3), status))
    expect([error.status, isConflict(error)]).toEqual([409, true])
    const { resourceVersion } = patched.metadata
    expect((await client.apply<Thing>(ref, body({ resourceVersion }, 4), status)).status).toEqual({ a: 4 })
    const absent = fresh()
    expect(isNotFound(await refusal(client.apply(absent, thing(absent.name), status)))).toBe(true)
  })
})

test('an apply that empties a map makes it null, which the server refuses; leaving the map out works', async () => {
  const ref = fresh()
  await client.apply(ref, thing(ref.name, { a: 1 }))
  const error = await refusal(client.apply(ref, thing(ref.name, {})))
  expect([error.status, error.message]).toEqual([422, expect.stringContaining('must be of type object: "null"')])
  const { spec: _left, ...without } = thing(ref.name) as { spec: object }
  expect((await client.apply<Thing>(ref, without)).spec).toBeUndefined()
})

test('a version in an apply guards what is there, and does not keep what is absent from being made', async () => {
  const ref = fresh()
  const old = thing(ref.name, { a: 1 }, { resourceVersion: '1' })
  expect(await client.apply(ref, old)).toMatchObject({ spec: { a: 1 } })
  expect(isConflict(await refusal(client.apply(ref, old, { force: true })))).toBe(true)
  expect(isNotFound(await refusal(client.mergePatch(fresh(), { metadata: { uid: STRANGER } })))).toBe(true)
})

test('fields of another manager are refused unless forced', async () => {
  const ref = fresh()
  await client.apply(ref, thing(ref.name, { a: 1 }), { fieldManager: 'first' })
  const error = await refusal(client.apply(ref, thing(ref.name, { a: 2 })))
  expect([isFieldConflict(error), isConflict(error), isAlreadyExists(error)]).toEqual([true, true, false])
  expect(await client.apply(ref, thing(ref.name, { a: 2 }), { force: true })).toMatchObject({ spec: { a: 2 } })
})

test('a deletion is of the very object that was meant', async () => {
  const ref = fresh()
  const { metadata } = await client.apply<Thing>(ref, thing(ref.name))
  expect(isConflict(await refusal(client.delete(ref, { uid: STRANGER })))).toBe(true)
  expect(isConflict(await refusal(client.delete(ref, { resourceVersion: '1' })))).toBe(true)
  expect(await client.delete(ref, { uid: metadata.uid, propagationPolicy: 'Background' })).toEqual({ isGone: true })
  expect(isNotFound(await refusal(client.delete(ref)))).toBe(true)
})

test('the answer to a deletion tells whether anything keeps the object', async () => {
  const ref = fresh()
  const { metadata } = await client.apply<Thing>(ref, thing(ref.name, {}, { finalizers: ['example.test/keeps'] }))
  for (const _time of ['first', 'second'])
    expect(await client.delete(ref, { uid: metadata.uid })).toEqual({ isGone: false })
  await client.mergePatch(ref, { metadata: { finalizers: null } })
  expect(isNotFound(await refusal(client.get(ref)))).toBe(true)
})

test('replace refuses an old version', async () => {
  const ref = fresh()
  const old = await client.apply<Thing>(ref, thing(ref.name, { a: 1 }))
  await client.replace(ref, { ...old, spec: { a: 2 } })
  expect(isConflict(await refusal(client.replace(ref, { ...old, spec: { a: 3 } })))).toBe(true)
})

test('a list is the same in pages and at once, and can be of metadata alone', async () => {
  await Promise.all(
    Array.from({ length: 7 }, (_, i) => client.create(THINGS, thing(`page${i}`, { i }, { labels: { of: 'pages' } }))),
  )
  const names = ({ items }: { items: Thing[] }) => items.map(({ metadata }) => metadata.name)
  const paged = await client.list<Thing>(THINGS, { labelSelector: 'of=pages', limit: 2 })
  const whole = await client.list<Thing>(THINGS, { labelSelector: 'of=pages', limit: 0, metadataOnly: true })
  expect(names(paged)).toEqual(Array.from({ length: 7 }, (_, i) => `page${i}`))
  expect(names(whole)).toEqual(names(paged))
  expect([paged.items[3]?.spec, whole.items[3]?.spec]).toEqual([{ i: 3 }, undefined])
  expect(paged.items[0]?.metadata.managedFields).toBeUndefined()
  const one = await client.get<Thing>({ ...THINGS, name: 'page1' }, { metadataOnly: true })
  expect([one.metadata.name, one.spec]).toEqual(['page1', undefined])
})

test('what the server refuses is told with its reason', async () => {
  const stranger = await KubeClient.fromFile(await controlPlane.kubeconfigFor({ user: 'stranger' }))
  const forbidden = await refusal(stranger.get({ ...THINGS, name: 'x' }))
  expect(isForbidden(forbidden)).toBe(true)
  expect(forbidden.message).toContain('User "stranger" cannot get resource "things"')
  stranger.close()
  const invalid = await refusal(
    client.create(CONFIGMAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'A B' } }),
  )
  expect([isInvalid(invalid), isConflict(invalid)]).toEqual([true, false])
  expect(
    isAlreadyExists(
      await refusal(
        client
          .create(CONFIGMAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' } })
          .then(() =>
            client.create(CONFIGMAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' } }),
          ),
      ),
    ),
  ).toBe(true)
  expect(isNotFound(await refusal(client.list({ group: 'no.such', version: 'v1', resource: 'things' })))).toBe(true)
})

test('discovery finds a resource by kind and by plural, and says when there is none', async () => {
  const wanted = { group: 'ex.io', version: 'v1', resource: 'things', kind: 'Thing', namespaced: true }
  expect(await resolveResource(client, { group: 'ex.io', version: 'v1', kind: 'Thing' })).toEqual(wanted)
  expect(await resolveResource(client, { group: 'ex.io', version: 'v1', resource: 'things' })).toEqual(wanted)
  expect(await resolveResource(client, { group: '', version: 'v1', kind: 'Namespace' })).toMatchObject({
    resource: 'namespaces',
    namespaced: false,
  })
  expect(await resolveResource(client, { group: '', version: 'v1', kind: 'Pod' })).toMatchObject({ resource: 'pods' })
  expect(await resolveResource(client, { group: 'ex.io', version: 'v2', kind: 'Thing' })).toBeUndefined()
  expect(await resolveResource(client, { group: 'ex.io', version: 'v1', kind: 'Thong' })).toBeUndefined()
})

test('a paused server is a timeout, and calls succeed again afterwards', async () => {
  const hasty = await KubeClient.fromFile(controlPlane.kubeconfig, { timeoutMs: 300 })
  const ref = fresh()
  await hasty.apply(ref, thing(ref.name))
  controlPlane.apiServer.pause()
  const error = await refusal(hasty.get(ref))
  controlPlane.apiServer.resume()
  expect(error.message).toMatch(/GET https:.*things\/.*: no answer within 300 ms/)
  await waitFor('it answers', () => hasty.get(ref).catch(() => undefined))
  hasty.close()
})

test('a restarted server is reached by the calls that follow', async () => {
  const ref = fresh()
  await Promise.all(Array.from({ length: 20 }, () => client.list(THINGS)))
  await controlPlane.restartApiServer()
  await client.apply(ref, thing(ref.name))
  expect(await client.get(ref)).toMatchObject({ metadata: { name: ref.name } })
})
