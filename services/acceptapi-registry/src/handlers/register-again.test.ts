import { AcceptAPI } from '@resource-broker/api'
import { type KubeObject, type OfferEntry, offerKey } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { RegistryContext } from '../context.ts'
import { register } from './register.ts'

const acceptAPI = (spec: object = {}, metadata: object = {}): KubeObject => ({
  ...{ apiVersion: AcceptAPI.apiVersion, kind: AcceptAPI.kind },
  metadata: { name: 'things', uid: 'u', resourceVersion: '1', generation: 1, ...metadata },
  spec: { gvr: { group: 'example.org', version: 'v1', resource: 'things' }, ...spec },
})

/** The bucket of offers and one replica of the registry after another over it. */
function registry() {
  const bucket = new Map<string, OfferEntry>()
  const written: string[] = []
  let losses = 0
  const server: { there?: KubeObject; isGone: boolean } = { isGone: false }
  const get = async () => {
    if (server.there === undefined) throw new KubeError(404, { reason: 'NotFound', message: 'not found' })
    return server.there
  }
  const client = { mergePatch: async () => undefined, create: async () => undefined, get }
  const context = {
    clusters: {
      kinds: { all: [{ group: 'example.org', version: 'v1', kind: 'Thing' }] },
      providers: { obstacle: async () => undefined, client: () => client, isGone: () => server.isGone },
    },
    bucket: {
      put: async (key: string, entry: OfferEntry) => {
        written.push(`put ${entry.object === null ? 'nothing valid' : entry.object.metadata.generation}`)
        bucket.set(key, entry)
      },
      delete: async (key: string) => {
        written.push('delete')
        bucket.delete(key)
      },
    },
    ...{ losses: () => losses, conditionType: 'Ready', now: () => new Date(0), logger: { info: () => undefined } },
  }
  /** What a replica remembers from the moment on that it takes the partition over. */
  const takeOver = () => {
    const memory = { put: new Map<string, string>(), kept: new Map(bucket) }
    const look = (object: KubeObject | null) => {
      const message = { provider: 'alpha', name: 'things', object }
      const run = { key: 'k', attempt: 1, view: { get: () => message, learnedFor: () => undefined } as never }
      return register({ ...context, ...memory } as unknown as RegistryContext, run)
    }
    return Object.assign(look, { kept: memory.kept })
  }
  return { bucket, written, context, server, takeOver, lose: () => losses++ }
}

const AT = offerKey('alpha', 'things')

test('an offer that is looked at again is not written again', async () => {
  const { written, takeOver } = registry()
  const look = takeOver()
  await look(acceptAPI())
  await look(acceptAPI())
  expect(written).toEqual(['put 1'])
})

test('a replica that takes a partition over again writes what another undid meanwhile, though it wrote the very same before', async () => {
  const { bucket, written, takeOver } = registry()
  await takeOver()(acceptAPI())
  await takeOver()(null)
  expect(bucket.has(AT)).toBe(false)
  await takeOver()(acceptAPI())
  expect(written).toEqual(['put 1', 'delete', 'put 1'])
  expect(bucket.get(AT)?.object?.metadata.uid).toBe('u')
})

test.each([
  { what: 'put', late: { provider: 'alpha', name: 'things', object: acceptAPI() }, says: ['put 2', 'put 2'] },
  { what: 'deleted', late: undefined, says: ['put 2', 'put 2'] },
])('what a replica that owned it before $what late is put right', async ({ late, says }) => {
  const { written, takeOver } = registry()
  const look = takeOver()
  const current = acceptAPI({}, { generation: 2 })
  await look(current)
  if (late === undefined) look.kept.delete(AT)
  else look.kept.set(AT, late)
  await look(current)
  expect(written).toEqual(says)
})

test('an offer that is not in the bucket is not deleted there again', async () => {
  const { written, takeOver } = registry()
  const look = takeOver()
  await look(acceptAPI())
  await look(null)
  await look(null)
  expect(written).toEqual(['put 1', 'delete'])
})

test('a bucket that was lost is filled again', async () => {
  const { written, takeOver, lose } = registry()
  const look = takeOver()
  await look(acceptAPI())
  lose()
  await look(acceptAPI())
  expect(written).toEqual(['put 1', 'put 1'])
})

test('while an AcceptAPI is not valid its last valid version stays in force, also with a replica that never saw it valid', async () => {
  const { bucket, takeOver } = registry()
  await takeOver()(acceptAPI())
  await takeOver()(acceptAPI({ filters: [{ key: 'size', pattern: '(' }] }, { generation: 2 }))
  expect(bucket.get(AT)?.object?.metadata.generation).toBe(1)
})

test('what was valid of another AcceptAPI of the name is not in force', async () => {
  const { bucket, takeOver } = registry()
  await takeOver()(acceptAPI())
  await takeOver()(acceptAPI({ filters: [{ key: 'size', pattern: '(' }] }, { uid: 'another' }))
  expect(bucket.get(AT)?.object).toBeNull()
})

test('an offer that went while its provider was away is not there again with what was known of it before', async () => {
  const { bucket, context, server } = registry()
  const left = { provider: 'alpha', name: 'things', object: null } // as its watch told
  let learned: object | undefined
  const view = {
    get: () => learned ?? left,
    learnedFor: () => learned && 0,
    learn: (_part: string, _qualifier: undefined, message: object) => {
      learned = message
    },
  }
  const run = { key: 'k', attempt: 1, view: view as never }
  const memory = { put: new Map<string, string>(), kept: new Map<string, OfferEntry>() }
  const look = () => register({ ...context, ...memory } as unknown as RegistryContext, run)
  server.there = acceptAPI()
  await look()
  expect(bucket.has(AT)).toBe(true)
  server.isGone = true
  await look()
  Object.assign(server, { isGone: false, there: undefined })
  await look()
  expect(bucket.has(AT)).toBe(false)
})
