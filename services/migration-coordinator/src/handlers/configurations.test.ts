import { type Assignment, Migration } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
import { configuration, migration } from '../turns/fixtures.ts'
import { matchingConfiguration } from './configurations.ts'

const GVR = { group: 'test.platform-mesh.io', version: 'v1', resource: 'things' }
const thing = (spec: object) => ({ apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', metadata: {}, spec })
const named = (name: string, spec: object): KubeObject => {
  const { metadata, ...others } = configuration({ stages: [{ name: 'copy' }], ...spec })
  return { ...others, metadata: { ...metadata, name } }
}

type Given = { object?: object; copy?: object | null; status?: object; staging?: object }

/**
 * Which configuration counts for a move of an object of this spec; `requests`: what else the platform and the bus were asked. `copy`: null:
 * it was seen gone; left out: nobody has heard of it. `status`: of the Assignment.
 */
async function counting(configurations: KubeObject[], { object, copy, status, staging }: Given = {}) {
  const requests: string[] = []
  const parts = new Map<string, unknown>(copy === undefined ? [] : [['copy/alpha', { object: copy }]])
  const view = {
    get: (part: string, qualifier?: string) => parts.get(qualifier === undefined ? part : `${part}/${qualifier}`),
    forget: (part: string) => void parts.delete(part),
  }
  const bus = {
    refresh: async (_view: KeyView, part: string) => {
      requests.push(`refresh ${part}`)
      parts.set(part, { object: object ?? null })
    },
  }
  const coordination = {
    list: async () => ({ items: configurations }),
    get: async ({ resource, name }: ObjectRef) => {
      requests.push(`GET ${resource}`)
      if (!name.startsWith('alpha')) throw new KubeError(404, { reason: 'NotFound' })
      return { metadata: { name, labels: { region: 'eu' } } }
    },
  }
  const move = migration('m', { spec: { assignment: `assignment-${'a'.repeat(32)}` } })
  const context = { coordination, bus, staging } as unknown as CoordinatorContext
  const assignment = { spec: { gvr: GVR, name: 'thing' }, status } as unknown as Assignment
  const found = await matchingConfiguration(context, Migration.of(move), assignment, view as unknown as KeyView)
  expect(parts.has('source')).toBe(false)
  return { found, requests }
}

const small = { object: thing({ size: 'small' }), copy: thing({ size: 'small' }) }

test('without when the first counts, and nothing else is asked', async () => {
  const { found, requests } = await counting([named('b', {}), named('a', {})])
  expect(found).toMatchObject({ name: 'a', object: {} })
  expect(requests).toEqual([])
})

test('one whose when is true counts before one without', async () => {
  const { found } = await counting([named('a', {}), named('b', { when: 'object.spec.size == "small"' })], small)
  expect(found).toMatchObject({ name: 'b', object: {} })
})

test('one whose when is false is passed over, whatever else is wrong with it', async () => {
  const wrong = { when: 'object.spec.size == "large"', stages: [{ name: 'copy', preconditions: ['('] }] }
  const { found } = await counting([named('a', {}), named('b', wrong)], small)
  expect(found).toMatchObject({ name: 'a', object: {} })
})

test('when sees the labels of the Providers; of one that is not there it sees nothing', async () => {
  const by = async (provider: string) => {
    const { found } = await counting([named('b', { when: `${provider}.metadata.labels.region == "eu"` })], small)
    return found?.name
  }
  expect(await by('fromProvider')).toBe('b')
  expect(await by('toProvider')).toBeUndefined()
})

test('an old copy that is gone, or was never made, keeps nobody from telling whether when is true: it is its kind alone', async () => {
  const all = [named('a', { when: 'from.kind == "Thing" && object.spec.size == "small"' })]
  const { object } = small
  const recorded = { copies: [{ providerCluster: 'alpha' }] }
  const nameIf = async (given: Given) => (await counting(all, { object, ...given })).found
  expect(await nameIf({})).toMatchObject({ object: {} })
  expect(await nameIf({ copy: null, status: recorded })).toMatchObject({ object: {} })
  expect(await nameIf({ status: recorded })).toHaveProperty('mistakes')
  const staging = (copyThere: boolean) => ({
    compute: { kinds: [] },
    providers: { presence: () => ({ state: 'connected' }) },
    destinations: {
      find: () => ({ nameOf: () => 'copy', client: { get: async () => answered(copyThere) } }),
    },
  })
  expect(await nameIf({ status: recorded, staging: staging(false) })).toMatchObject({ object: {} })
  expect(await nameIf({ staging: staging(true) })).toHaveProperty('mistakes')
})

const answered = (isThere: boolean): object => {
  if (!isThere) throw new KubeError(404, { reason: 'NotFound' })
  return {}
}

test('where it cannot be told whether when is true, the move waits and says why', async () => {
  const all = [named('b', { when: 'object.spec.size > 2' })]
  expect((await counting(all)).found).toEqual({ name: 'b', mistakes: 'spec.when: the object is not known yet' })
  const { object } = small
  expect((await counting(all, { object, status: { servedFrom: 'alpha' } })).found).toEqual({
    name: 'b',
    mistakes: 'spec.when: the copy at alpha is not known yet',
  })
  const { found } = await counting(all, small)
  expect(found).toEqual({ name: 'b', mistakes: expect.stringContaining('spec.when: no such overload') })
})
