import { Assignment, getCondition, Migration, Provider, providerName, stagesFinalizer } from '@resource-broker/api'
import type { KeyView, KubeObject, Run } from '@resource-broker/bus'
import { type DeleteOptions, KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
import type { Wait } from '../plan/step.ts'
import { drive } from './drive.ts'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
const ends = {
  from: { gvk, providerCluster: 'alpha', acceptAPIName: 'small' },
  to: { gvk, providerCluster: 'beta', acceptAPIName: 'large' },
}

function assignment(uid: string, at: string, resourceVersion: string): KubeObject {
  const gvr = { group: gvk.group, version: gvk.version, resource: 'things' }
  return {
    ...{ apiVersion: Assignment.apiVersion, kind: Assignment.kind },
    metadata: { name: 'assignment-a', uid, resourceVersion },
    spec: { consumerCluster: 'acme', gvr, name: 'a', uid: 'u', providerCluster: at, acceptAPIName: 'large' },
    status: { phase: 'Bound' },
  }
}

const migration: KubeObject = {
  ...{ apiVersion: Migration.apiVersion, kind: Migration.kind },
  metadata: { name: 'migration-1', uid: 'uid-m', resourceVersion: '2' },
  spec: { assignment: 'assignment-a', assignmentUID: 'uid-first', ...ends },
}

type Around = { now: () => Date; wait: Wait; staging: object; keepMs: number }

const merged = (before: unknown, patch: unknown): object => {
  const fields = Object.entries({ ...(before as object), ...(patch as object) })
  return Object.fromEntries(fields.filter(([, value]) => value !== null))
}

/**
 * A coordinator's run, what the platform holds, and which of that was read; `meanwhile` happens while it is asked for MigrationConfigurations,
 * and what the platform is told is not heard of.
 */
function runWith(
  objects: KubeObject[],
  meanwhile: (learn: (object: KubeObject) => void) => void,
  { now = () => new Date(0), wait, staging, keepMs = 1_000 }: Partial<Around> = {},
) {
  const held = new Map(objects.map((object) => [object.metadata.name, object]))
  const reads: string[] = []
  const heard = new Map(held)
  const found = (name: string): KubeObject => {
    const object = held.get(name)
    if (object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return object
  }
  const names = objects.flatMap(({ kind, metadata }) => (kind === Migration.kind ? [metadata.name] : []))
  let known = held.get('assignment-a')
  const view = {
    get: (part: string, name: string) => {
      if (part === 'assignment') return { name: 'assignment-a', object: known }
      return part === 'migration' ? { object: heard.get(name) ?? null } : undefined
    },
    all: (part: string) =>
      new Map(part === 'migration' ? names.map((name) => [name, { object: heard.get(name) ?? null }]) : []),
    learn: (part: string, name: string | undefined, { object }: { object: KubeObject }) => {
      if (part === 'assignment') known = object
      else heard.set(name ?? '', object)
    },
  }
  const coordination = {
    get: async ({ name }: ObjectRef) => {
      reads.push(name)
      return found(name)
    },
    list: async () => {
      meanwhile((object) => {
        held.set(object.metadata.name, object)
        known = object
      })
      return { items: [] }
    },
    delete: async ({ name }: ObjectRef, { uid, resourceVersion }: DeleteOptions = {}) => {
      const { metadata } = found(name)
      if (uid !== metadata.uid || resourceVersion !== metadata.resourceVersion)
        throw new KubeError(409, { reason: 'Conflict' })
      held.delete(name)
    },
    mergePatch: async ({ name }: ObjectRef, { metadata, ...patch }: KubeObject) => {
      const object = found(name)
      if (metadata.resourceVersion !== object.metadata.resourceVersion) throw new KubeError(409, { reason: 'Conflict' })
      const spec = merged(object['spec'], patch['spec'])
      const status = merged(object['status'], patch['status'])
      const { finalizers = object.metadata.finalizers ?? [] } = metadata
      const resourceVersion = `${metadata.resourceVersion}1`
      const written = { ...object, metadata: { ...object.metadata, finalizers, resourceVersion } }
      held.set(name, { ...written, spec, status })
      return found(name)
    },
  }
  const logger = { info: () => undefined, warn: () => undefined }
  const turns = {
    ask: async () => wait,
    leave: () => undefined,
    isHeld: () => wait !== undefined,
    settle: async () => Number.POSITIVE_INFINITY,
  }
  const context = { coordination, turns, logger, now, keepMs, staging } as unknown as CoordinatorContext
  const fence = { signal: new AbortController().signal, check: () => undefined }
  const run = { key: 'k', view: view as unknown as KeyView, attempt: 1, fence } as Run
  const tell = (object: KubeObject) => void held.set(object.metadata.name, object)
  return { held, reads, tell, view, drive: () => drive(context, run) }
}

test('a new Migration asks for the incoming copy', async () => {
  const { held, drive: run } = runWith([assignment('uid-first', 'alpha', '1'), migration], () => undefined)
  await run()
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ copies: [{ providerCluster: 'beta', role: 'Incoming' }] })
})

test.each([
  { wait: { reason: 'WaitsForTurn', message: 'waits for its turn' }, paused: undefined },
  { wait: { reason: 'Paused', message: 'paused by somebody' }, paused: 'True' },
])('a Migration whose turn it is not asks for nothing, and reads why: $wait.reason', async ({ wait, paused }) => {
  const objects = [assignment('uid-first', 'alpha', '1'), migration]
  const { held, drive: run } = runWith(objects, () => undefined, { wait })
  expect(await run()).toEqual({ done: true })
  expect(held.get('assignment-a')).toEqual(objects[0])
  const status = held.get('migration-1')?.['status'] as Migration['status']
  expect(status?.state).toBe('Pending')
  expect(getCondition(status?.conditions, 'Ready')).toMatchObject({ status: 'False', ...wait })
  expect(getCondition(status?.conditions, 'Paused')?.status).toBe(paused)
})

test('a Migration that was paused and begins reads that it is not any more', async () => {
  const paused = {
    type: 'Paused',
    status: 'True',
    reason: 'Paused',
    message: '',
    lastTransitionTime: '1970-01-01T00:00:00Z',
  }
  const held = { ...migration, status: { state: 'Pending', conditions: [paused] } }
  const { held: platform, drive: run } = runWith([assignment('uid-first', 'alpha', '1'), held], () => undefined)
  await run()
  const status = platform.get('migration-1')?.['status'] as Migration['status']
  expect(getCondition(status?.conditions, 'Paused')).toMatchObject({ status: 'False', reason: 'NotPaused' })
})

test('a step that was planned by one Assignment is not taken with the next one of its name', async () => {
  const next = assignment('uid-next', 'beta', '7')
  const { held, drive: run } = runWith([assignment('uid-first', 'alpha', '1'), migration], (learn) => learn(next))
  await run()
  expect(held.get('assignment-a')).toEqual(next)
  expect(held.get('migration-1')?.['status']).toMatchObject({ state: 'Failed' })
})

/** A move that may switch; the view knows it as it was. */
const readyToSwitch = (): KubeObject[] => {
  const copies = [{ providerCluster: 'beta', acceptAPIName: 'large', role: 'Incoming' }]
  const said = ['alpha', 'beta'].map((providerCluster) => ({ providerCluster, applied: true, ready: true }))
  const { spec, ...record } = assignment('uid-first', 'alpha', '1')
  return [
    { ...record, spec: { ...(spec as object), copies }, status: { phase: 'Bound', copies: said } },
    { ...migration, status: { state: 'InitialCompleted' } },
  ]
}

test('a move that was cancelled meanwhile does not switch, though its view does not know yet', async () => {
  const [record, move] = readyToSwitch() as [KubeObject, KubeObject]
  const { held, drive: run, tell } = runWith([record, move], () => undefined)
  const cancelled = { ...move, metadata: { ...move.metadata, resourceVersion: '3' } }
  tell({ ...cancelled, spec: { ...(move['spec'] as object), cancel: true } })
  await run()
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ providerCluster: 'alpha' })
  expect(held.get('migration-1')?.['status']).toMatchObject({ state: 'RolledBack' })
})

test('a switch over another Assignment than was seen is refused, and planned again by that', async () => {
  const [record, move] = readyToSwitch() as [KubeObject, KubeObject]
  const { held, drive: run, tell } = runWith([record, move], () => undefined)
  const said = [{ providerCluster: 'beta', applied: true, ready: false }]
  tell({
    ...record,
    metadata: { ...record.metadata, resourceVersion: '2' },
    status: { phase: 'Bound', copies: said },
  })
  await run()
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ providerCluster: 'alpha' })
  expect(held.get('migration-1')?.['status']).toMatchObject({ state: 'InitialInProgress' })
})

test.each([
  { what: 'waits before a stage', state: 'InitialInProgress', stages: [], asks: true },
  { what: 'is at a stage that runs', state: 'InitialInProgress', stages: ['Running'], asks: false },
  { what: 'may switch', state: 'InitialCompleted', stages: ['Succeeded'], asks: true },
  { what: 'has ended', state: 'CutoverCompleted', stages: ['Succeeded'], asks: false },
])('whether its configuration pauses a move that $what is asked: $asks', async ({ state, stages, asks }) => {
  const [record, move] = readyToSwitch() as [KubeObject, KubeObject]
  const spec = { ...(move['spec'] as object), configuration: { name: 'c', generation: 1 }, stages: [{ name: 'copy' }] }
  const status = { state, stages: stages.map((its) => ({ name: 'copy', state: its, attempt: 1 })) }
  const { drive: run, reads } = runWith([record, { ...move, spec, status }], () => undefined)
  await run()
  expect(reads.includes('c')).toBe(asks)
})

test('a replica that has not heard the time of the platform asks before it goes by it', async () => {
  const [record, move] = readyToSwitch() as [KubeObject, KubeObject]
  const old = [
    { providerCluster: 'alpha', acceptAPIName: 'small', role: 'Outgoing', keptUntil: '1970-01-01T01:00:04Z' },
  ]
  const switched = {
    ...record,
    spec: { ...(record['spec'] as object), providerCluster: 'beta', copies: old },
    status: { ...(record['status'] as object), servedFrom: 'beta' },
  }
  const configuration = { name: 'c', generation: 1, keepOutgoing: '4s' }
  const kept = {
    ...move,
    spec: { ...(move['spec'] as object), configuration, stages: [] },
    status: { state: 'CutoverInProgress', switchTime: '1970-01-01T01:00:00Z' },
  }
  const coordinator = runWith([switched, kept], () => undefined, {
    now: () => new Date(coordinator.reads.length * 3_610_000),
  })
  await coordinator.drive()
  expect(coordinator.held.get('assignment-a')?.['spec']).not.toHaveProperty('copies')
})

test('a Migration is removed a while after it ended', async () => {
  let now = 0
  const end = new Date(0).toISOString()
  const ended = { ...migration, status: { state: 'CutoverCompleted', completionTime: end } }
  const objects = [assignment('uid-first', 'beta', '1'), ended]
  const { held, drive: run } = runWith(objects, () => undefined, { now: () => new Date(now) })
  const left: unknown[] = []
  for (now of [0, 400, 999, 1_000]) left.push([await run(), held.has('migration-1')])
  const waits = (requeueAfterMs: number) => ({ requeueAfterMs, reason: 'a Migration is held, or kept for a while' })
  expect(left).toEqual([
    [waits(1_000), true],
    [waits(600), true],
    [waits(1), true],
    [{ done: true }, false],
  ])
})

const withStages = (name: string): KubeObject => ({
  ...migration,
  metadata: { ...migration.metadata, name, finalizers: [stagesFinalizer] },
  status: { state: 'CutoverCompleted', completionTime: new Date(0).toISOString() },
})
const cleanedUp = (object: KubeObject | undefined) =>
  getCondition((object?.['status'] as Migration['status'])?.conditions, 'CleanedUp')

test.each([
  { why: 'a refusal', error: new KubeError(403, { reason: 'Forbidden', message: 'no' }), nowMs: 0, told: 'no' },
  { why: 'trouble that has just come', error: new KubeError(503, {}), nowMs: 2_999, told: undefined },
  { why: 'trouble that has lasted', error: new KubeError(503, { message: 'away' }), nowMs: 3_000, told: 'away' },
])('what cannot be cleaned up of a move that has ended is told there, and the next one goes on: $why', async (row) => {
  let error: Error | undefined = row.error
  const client = {
    get: async () => {
      if (error !== undefined) throw error
      throw new KubeError(404, { reason: 'NotFound' })
    },
  }
  const around = {
    now: () => new Date(row.nowMs),
    keepMs: 60_000,
    staging: { brokerID: 'broker', compute: { client } },
  }
  const objects = [assignment('uid-first', 'alpha', '1'), withStages('migration-0'), migration]
  const { held, drive: run } = runWith(objects, () => undefined, around)
  await expect(run()).rejects.toBe(row.error)
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ copies: [{ providerCluster: 'beta', role: 'Incoming' }] })
  expect(cleanedUp(held.get('migration-0'))?.message).toBe(row.told)
  const written = held.get('migration-0')
  await expect(run()).rejects.toBe(row.error)
  expect(held.get('migration-0')).toBe(written)
  error = undefined
  await run()
  expect(held.get('migration-0')?.metadata.finalizers).toEqual([])
  expect(cleanedUp(held.get('migration-0'))?.status).toBe(row.told && 'True')
})

test('without the compute cluster a move that has ended says why it stays, and the next one goes on', async () => {
  const objects = [assignment('uid-first', 'alpha', '1'), withStages('migration-0'), migration]
  const { held, drive: run } = runWith(objects, () => undefined)
  await run()
  expect(cleanedUp(held.get('migration-0'))).toMatchObject({ status: 'False', reason: 'CleanUpHeldUp' })
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ copies: [{ providerCluster: 'beta', role: 'Incoming' }] })
})

test('a Migration that changed since it was seen last is not removed', async () => {
  const ended = { ...migration, status: { state: 'CutoverCompleted', completionTime: new Date(0).toISOString() } }
  const objects = [assignment('uid-first', 'beta', '1'), ended]
  const { held, view, drive: run } = runWith(objects, () => undefined, { now: () => new Date(5_000) })
  view.get = (part: string) =>
    part === 'assignment'
      ? { name: 'assignment-a', object: objects[0] }
      : { object: { ...ended, metadata: { ...ended.metadata, resourceVersion: '1' } } }
  await run()
  expect(held.has('migration-1')).toBe(true)
})

test.each([
  { what: 'answers nobody has moved, and holds up nothing', status: 'False', state: 'CutoverCompleted' },
  { what: 'is back has moved once its copy is gone', status: 'True', state: undefined },
])('an object that failed over from a provider that $what', async ({ status, state }) => {
  const reachable = {
    type: 'Reachable',
    status,
    reason: 'Any',
    message: '',
    lastTransitionTime: '2026-11-30T06:00:00Z',
  }
  const provider: KubeObject = {
    ...{ apiVersion: Provider.apiVersion, kind: Provider.kind },
    metadata: { name: providerName('alpha'), uid: 'uid-p', resourceVersion: '1' },
    spec: { providerCluster: 'alpha' },
    status: { conditions: [reachable] },
  }
  const placed = assignment('uid-first', 'beta', '1')
  const left = { providerCluster: 'alpha', applied: true, ready: false, state: 'Deleting', uid: 'u-1' }
  placed.status = { phase: 'Bound', servedFrom: 'beta', copies: [left] }
  const failover = { policy: 'p', awaySince: '2026-11-30T06:00:00Z' }
  const move: KubeObject = {
    ...migration,
    spec: { ...(migration['spec'] as object), failover },
    status: { state: 'CutoverInProgress' },
  }
  const { held, drive: run } = runWith([placed, move, provider], () => undefined)
  await run()
  const { status: after } = held.get('migration-1') as unknown as Migration
  expect(after?.state).toBe(state ?? 'CutoverInProgress')
})
