import { Migration } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import {
  type CollectionRef,
  type DeleteOptions,
  KubeError,
  type ListOptions,
  type ObjectRef,
} from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { Staging } from '../context.ts'
import type { Mirror } from '../plan/step.ts'
import { cleanUp } from './clean-up.ts'
import { deploy, namespaceOf, type Site } from './deploy.ts'
import { StageObstacle } from './stage-obstacle.ts'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
const end = (providerCluster: string) => ({ gvk, providerCluster, acceptAPIName: 'all' })

/** The move of the object whose key is this digit. */
const moveOf = (digit: string): Migration =>
  Migration.of({
    ...{ apiVersion: Migration.apiVersion, kind: Migration.kind, metadata: { name: `migration-${digit}`, uid: digit } },
    spec: { assignment: `assignment-${digit.repeat(32)}`, from: end('alpha'), to: end('beta') },
  })

/** A compute cluster where all moves share one namespace, in which somebody else has a Secret. */
function shared() {
  const held = new Map<string, KubeObject>()
  let count = 0
  const idOf = ({ resource, name }: Pick<ObjectRef, 'resource' | 'name'>) => `${resource}/${name}`
  const refuse = (status: number, reason: string) => {
    throw new KubeError(status, { reason })
  }
  const client = {
    get: async (ref: ObjectRef) => held.get(idOf(ref)) ?? refuse(404, 'NotFound'),
    create: async ({ resource }: CollectionRef, body: KubeObject) => {
      const id = idOf({ resource, name: body.metadata.name })
      if (held.has(id)) refuse(409, 'AlreadyExists')
      const metadata = { ...body.metadata, uid: `uid-${++count}`, resourceVersion: '1' }
      held.set(id, { ...body, metadata })
      return held.get(id)
    },
    replace: async (ref: ObjectRef, body: KubeObject) => {
      held.set(idOf(ref), body)
      return body
    },
    list: async ({ resource }: CollectionRef, { labelSelector = '' }: ListOptions) => {
      const wanted = labelSelector.split(',').map((each) => each.split('='))
      const isWanted = ({ metadata }: KubeObject) =>
        wanted.every(([label = '', value]) =>
          value === undefined ? label in (metadata.labels ?? {}) : metadata.labels?.[label] === value,
        )
      const items = [...held].flatMap(([id, object]) =>
        id.startsWith(`${resource}/`) && isWanted(object) ? [object] : [],
      )
      return { items }
    },
    delete: async (ref: ObjectRef, { uid }: DeleteOptions) => {
      if (held.get(idOf(ref))?.metadata.uid !== uid) refuse(409, 'Conflict')
      held.delete(idOf(ref))
      return { isGone: true }
    },
  }
  const origin = { type: 'Opaque', data: {}, metadata: { name: 'any' } }
  const staging = {
    brokerID: 'broker',
    compute: { client, namespace: 'moves', kinds: [], resourceOf: async () => undefined },
    destinations: { at: () => ({ client: { get: async () => origin } }) },
  } as unknown as Staging
  held.set('secrets/other', { metadata: { name: 'other', uid: 'other', resourceVersion: '1' } } as KubeObject)
  const names = () => [...held.keys()].sort()
  const view = { learn: () => undefined, get: () => undefined } as unknown as KeyView
  const siteOf = (migration: Migration): Site => {
    return { staging, migration, namespace: namespaceOf(staging, migration), view, now: () => new Date(0) }
  }
  /** Resolves to whether all is there. */
  const tries = async (migration: Migration, ...secrets: string[]): Promise<boolean> => {
    const mirrors = secrets.map(
      (name): Mirror => ({ side: 'from', kind: 'Secret', namespace: 'a', name, cluster: 'alpha' }),
    )
    const deployed = deploy(siteOf(migration), { stage: 'copy', attempt: 1, objects: {}, mirrors })
    return await deployed.then(
      () => true,
      (error: unknown) => {
        if (error instanceof StageObstacle) return false
        throw error
      },
    )
  }
  return { names, tries, cleanUp: (migration: Migration) => cleanUp(staging, migration, view) }
}

test('of two moves that see related objects of the same names, in whatever order, one goes on at once, and the other once that has ended', async () => {
  const { names, tries, cleanUp } = shared()
  const [a, b] = [moveOf('a'), moveOf('b')]
  const atOnce = await Promise.all([tries(a, 'one', 'two'), tries(b, 'two', 'one')])
  expect(atOnce.toSorted()).toEqual([false, true])
  const [ends, waits] = atOnce[0] ? [a, b] : [b, a]
  expect(await tries(waits, 'two', 'one')).toBe(false)
  expect(await cleanUp(ends)).toBe(false)
  expect(await cleanUp(ends)).toBe(true)
  expect(await tries(waits, 'two', 'one')).toBe(true)
  expect(names()).toEqual(['secrets/from-one', 'secrets/from-two', 'secrets/other'])
})

test('what is cleaned up of one move is its own alone', async () => {
  const { names, tries, cleanUp } = shared()
  const [a, b] = [moveOf('a'), moveOf('b')]
  await tries(a, 'one')
  await tries(b, 'two')
  await cleanUp(a)
  expect(await cleanUp(a)).toBe(true)
  expect(names()).toEqual(['secrets/from-two', 'secrets/other'])
})
