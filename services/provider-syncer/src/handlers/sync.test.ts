import { conditionTypes } from '@resource-broker/api'
import type { KubeObject, Run } from '@resource-broker/bus'
import { KubeError } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import { newMemory, type SyncerContext, type SyncerMemory } from '../context.ts'
import { assignment, BROKER, copied, copy, decision, KEY, ref, source, viewOf } from '../fixtures.ts'
import { Waiting } from '../waiting.ts'
import { sync } from './sync.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const HOUR_MS = 3_600_000

/** A syncer whose consumer and provider take everything, at a time that the test gives. */
function syncer(messages: Record<string, unknown>) {
  const told: unknown[] = []
  const consumer = {
    mergePatch: async (_ref: unknown, { status }: { status: object }) => {
      told.push(status)
      return source({ resourceVersion: '2' }, { status })
    },
  }
  const provider = {
    apply: async (_ref: unknown, { metadata, ...content }: KubeObject) => {
      const { object } = messages['copy/alpha'] as { object: KubeObject }
      return { ...object, ...content, metadata: { ...object.metadata, ...metadata } }
    },
  }
  const there = { cluster: 'alpha', client: provider, nameOf: () => 'a' }
  const context = {
    ...{ bus: {}, logger: {}, waiting: new Waiting(), check: () => undefined },
    clusters: {
      brokerID: BROKER,
      consumers: { client: () => consumer },
      destinations: { of: () => there, find: () => there, at: () => there },
      providers: { presence: () => ({ state: 'connected' }), all: [] },
    },
  }
  const look = async (memory: SyncerMemory, at: number) => {
    const run = { key: KEY, view: viewOf(messages), attempt: 1 } as unknown as Run<SyncerMemory>
    return await sync({ ...context, ...memory, now: () => new Date(at) } as unknown as SyncerContext, run)
  }
  return { look, told }
}

/** An object at alpha, whose copy has no status and was made when the provider's clock said `creationTimestamp`. */
function silent(creationTimestamp: string): Record<string, unknown> {
  return {
    source: { ref, object: source({ finalizers: ['broker.platform-mesh.io/finalizer'] }) },
    assignment: { name: 'assignment-a', object: assignment() },
    decision: decision('alpha'),
    'copy/alpha': copy('alpha', { object: copied({ creationTimestamp }) }),
  }
}

test.each([
  { clock: 'an hour ahead', made: NOON + HOUR_MS },
  { clock: 'right', made: NOON },
  { clock: 'an hour behind', made: NOON - HOUR_MS },
])(
  'a provider that says nothing, whose clock is $clock, keeps its consumer unaware for two seconds',
  async ({ made }) => {
    const { look, told } = syncer(silent(new Date(made).toISOString()))
    const memory = newMemory()
    expect(await look(memory, NOON)).toMatchObject({ requeueAfterMs: 2_000 })
    expect(told).toEqual([])
    await look(memory, NOON + 2_000)
    expect(told).toMatchObject([
      { conditions: expect.arrayContaining([expect.objectContaining({ type: conditionTypes.placed })]) },
    ])
  },
)

test('who takes a partition over counts the silence of a provider anew', async () => {
  const { look, told } = syncer(silent(new Date(NOON).toISOString()))
  await look(newMemory(), NOON)
  expect(await look(newMemory(), NOON + 1_999)).toMatchObject({ requeueAfterMs: 2_000 })
  expect(told).toEqual([])
})

test('a refusal that nothing comes of any more is taken back, and is not told again in the same look', async () => {
  const messages = silent(new Date(NOON).toISOString())
  messages['copy/alpha'] = copy('alpha', { object: copied({}, { status: { status: 'Available' } }) })
  const { look, told } = syncer(messages)
  const synced = () =>
    (told as { conditions: { type: string; status: string; reason: string }[] }[]).map(({ conditions }) => {
      const { status, reason } = conditions.find(({ type }) => type === conditionTypes.synced) ?? {}
      return `${status} ${reason}`
    })
  const memory = newMemory()
  const problem = { about: '', reason: 'RecordRefused', message: 'the platform refuses the broker’s record' }
  memory.late.set(KEY, [{ of: 'record {}', problem }])
  await look(memory, NOON)
  expect(synced()).toEqual(['False RecordRefused', 'True Synced'])
  memory.late.set(KEY, [{ of: 'record {}', problem }])
  messages['source'] = {
    ref,
    object: source({ finalizers: ['broker.platform-mesh.io/finalizer'] }, { status: told[0] }),
  }
  told.length = 0
  await look(memory, NOON)
  expect(synced()).toEqual(['True Synced'])
})

test('an object that was asked for, and went before any watch knew of it, is let go', async () => {
  const messages: Record<string, unknown> = { assignment: { name: 'assignment-a', object: assignment() } }
  const written: unknown[] = []
  const there = { object: source() as KubeObject | undefined }
  const asked = async () => {
    if (there.object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return there.object
  }
  const record = async (_ref: unknown, { status }: { status: object }) => {
    written.push(status)
    return assignment({}, status)
  }
  const removed: unknown[] = []
  const remove = async ({ name }: { name: string }) => void removed.push(name)
  const nowhere = { of: () => ({ waitsFor: 'a place' }), find: () => undefined, at: () => undefined }
  const clusters = {
    ...{ brokerID: BROKER, kinds: { all: [] }, coordination: { mergePatch: record, delete: remove } },
    consumers: { client: () => ({ get: asked }) },
    ...{ destinations: nowhere, providers: { presence: () => ({ state: 'connected' }), all: [] } },
  }
  const [bus, logger] = [{ publish: async () => 1 }, { info: () => undefined }]
  const surroundings = { bus, logger, waiting: new Waiting(), check: () => undefined, clusters }
  let learnedAt: number | undefined
  const learn = (part: string, _qualifier: string | undefined, message: unknown, at: number) => {
    messages[part] = message
    if (part === 'source') learnedAt = at
  }
  const untoldFor = (part: string, _qualifier: string | undefined, at: number) =>
    part === 'source' && learnedAt !== undefined ? at - learnedAt : undefined
  const memory = newMemory()
  const look = async (attempt: number, at: number) => {
    const run = { key: KEY, view: { ...viewOf(messages), learn, untoldFor }, attempt }
    const context = { ...surroundings, ...memory, now: () => new Date(at) }
    return await sync(context as unknown as SyncerContext, run as unknown as Run<SyncerMemory>)
  }
  expect(await look(1, NOON)).toMatchObject({ requeueAfterMs: 2_000 })
  expect(await look(2, NOON + 2_000)).toEqual({ done: true, againAfterMs: 10_000 })
  there.object = undefined
  await look(1, NOON + 12_000)
  expect([written, removed]).toEqual([[{ phase: 'Terminating' }], ['assignment-a']])
})
