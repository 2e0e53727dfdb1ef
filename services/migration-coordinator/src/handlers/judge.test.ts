import { type GVK, MigrationConfiguration, STAGE_KINDS } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject } from '@resource-broker/bus'
import { ConnectionError, KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
import { judge } from './judge.ts'

const gvk = { group: 'example.org', version: 'v1', kind: 'Postgres' }
const valid = [{ name: 'copy', preconditions: ['to.status.status == "Available"'] }]
const wrong = [{ name: 'copy', preconditions: ['source.ready'] }]

const configuration = (stages: unknown, metadata: object = {}): KubeObject => ({
  ...{ apiVersion: MigrationConfiguration.apiVersion, kind: MigrationConfiguration.kind },
  metadata: { name: 'postgres', uid: 'u', resourceVersion: '1', generation: 1, ...metadata },
  spec: { from: gvk, to: gvk, stages },
})

/** The configurations for two kinds as the platform has them, and how often one was written to. */
function platform(objects: KubeObject[], staging?: CoordinatorContext['staging']) {
  const held = new Map(objects.map((object) => [object.metadata.name, object]))
  const known = new Map([...held].map(([name, object]) => [name, { name, object: object as KubeObject | null }]))
  const written: string[] = []
  const found = (name: string): KubeObject => {
    const object = held.get(name)
    if (object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return object
  }
  const coordination = {
    get: async ({ name }: ObjectRef) => found(name),
    mergePatch: async ({ name }: ObjectRef, { metadata, status }: KubeObject) => {
      const object = found(name)
      if (metadata.resourceVersion !== object.metadata.resourceVersion) throw new KubeError(409, { reason: 'Conflict' })
      written.push(name)
      held.set(name, {
        ...object,
        metadata: { ...object.metadata, resourceVersion: `${metadata.resourceVersion}1` },
        status,
      })
      return found(name)
    },
  }
  const view = {
    all: () => known,
    learn: (_part: string, name: string, message: { name: string; object: KubeObject }) => known.set(name, message),
  } as unknown as KeyView
  const logger = { info: () => undefined }
  const context = { coordination, logger, staging, now: () => new Date(0), keepMs: 0 } as unknown as CoordinatorContext
  const look = () => judge(context, view)
  const ready = (name = 'postgres') => MigrationConfiguration.of(found(name)).status?.conditions?.[0]
  return { held, known, written, look, ready }
}

/** One that serves a kind; undefined: one that does not answer. */
function computeThatServes(served: string | undefined): CoordinatorContext['staging'] {
  const resourceOf = async ({ group, version, kind }: GVK) => {
    if (served === undefined) throw new ConnectionError('no answer')
    return kind === served ? { group, version, resource: `${kind.toLowerCase()}s` } : undefined
  }
  return { compute: { kinds: STAGE_KINDS, resourceOf } } as unknown as CoordinatorContext['staging']
}

test('a configuration that cannot be used says what is wrong with it', async () => {
  const { look, ready } = platform([configuration(wrong)])
  await look()
  const message = 'stage copy, preconditions[0]: Unknown variable: source; the expression sees from, to'
  expect(ready()).toMatchObject({ type: 'Ready', status: 'False', reason: 'Invalid', observedGeneration: 1, message })
})

test('one that is mended says so', async () => {
  const { look, ready, held, known } = platform([configuration(wrong)])
  await look()
  const { status } = held.get('postgres') as KubeObject
  const mended = { ...configuration(valid, { generation: 2, resourceVersion: '5' }), status }
  held.set('postgres', mended)
  known.set('postgres', { name: 'postgres', object: mended })
  await look()
  expect(ready()).toMatchObject({ reason: 'Valid', observedGeneration: 2 })
})

test('one that has templates says that there is no cluster for them, until there is one', async () => {
  const templates = { dump: { apiVersion: 'batch/v1', kind: 'Job' } }
  const { look, ready } = platform([configuration([{ name: 'copy', templates }])])
  await look()
  expect(ready()).toMatchObject({ status: 'False', reason: 'NoComputeCluster' })
  const other = platform([configuration([{ name: 'copy', templates }])], computeThatServes('Job'))
  expect(await other.look()).toBe(DONE)
  expect(other.ready()).toMatchObject({ status: 'True', reason: 'Valid' })
})

test('one that deploys what the compute cluster does not serve says which template does, and is looked at again', async () => {
  const templates = {
    dump: { apiVersion: 'batch/v1', kind: 'Job' },
    note: { apiVersion: 'v1', kind: 'ConfigMap' },
  }
  const { look, ready } = platform([configuration([{ name: 'copy', templates }])], computeThatServes('ConfigMap'))
  expect(await look()).toHaveProperty('requeueAfterMs')
  const message =
    'stage copy, templates.dump.kind: the compute cluster does not serve Job of batch/v1; moves that come to it wait'
  expect(ready()).toMatchObject({ status: 'False', reason: 'KindNotServed', message })
})

test('while the compute cluster does not tell what it serves, nothing else is said of a configuration, and others are told', async () => {
  const templates = { dump: { apiVersion: 'batch/v1', kind: 'Job' } }
  const others = configuration(wrong, { name: 'wrong', uid: 'w' })
  const { look, ready } = platform([configuration([{ name: 'copy', templates }]), others], computeThatServes(undefined))
  await expect(look()).rejects.toThrow('no answer')
  expect(ready()).toBeUndefined()
  expect(ready('wrong')).toMatchObject({ status: 'False', reason: 'Invalid' })
})

test('one that asks for nothing is ready', async () => {
  const { look, ready } = platform([configuration([])])
  await look()
  expect(ready()).toMatchObject({ status: 'True', reason: 'NoStages' })
})

test('one that asks for no stages, and says when moves may begin, counts as well', async () => {
  const older = configuration([], { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' })
  const younger = configuration(valid, { name: 'younger', creationTimestamp: '2026-01-02T00:00:00Z' })
  const limited = { ...older, spec: { ...(older['spec'] as object), limits: { total: 1 } } }
  const { look, ready } = platform([limited, younger])
  await look()
  expect(ready('older')).toMatchObject({ status: 'True', reason: 'NoStages' })
  expect(ready('younger')).toMatchObject({ status: 'False', reason: 'Shadowed' })
})

test('a configuration that says how it stands is not written to again', async () => {
  const { look, written } = platform([configuration(valid)])
  await look()
  await look()
  expect(written).toEqual(['postgres'])
})

test('of two for the same kinds the younger is in the shadow of the other, until that goes', async () => {
  const older = configuration(valid, { name: 'older', creationTimestamp: '2026-01-01T00:00:00Z' })
  const younger = configuration(valid, { name: 'a-younger', creationTimestamp: '2026-01-02T00:00:00Z' })
  const { look, ready, known } = platform([younger, older])
  await look()
  expect(ready('older')).toMatchObject({ reason: 'Valid' })
  expect(ready('a-younger')).toMatchObject({
    status: 'False',
    reason: 'Shadowed',
    message: expect.stringContaining('older'),
  })
  known.set('older', { name: 'older', object: null })
  await look()
  expect(ready('a-younger')).toMatchObject({ reason: 'Valid' })
})

test('one that is gone meanwhile is told nothing, and is no error', async () => {
  const { look, held, written } = platform([configuration(valid)])
  held.clear()
  expect(await look()).toEqual({ done: true })
  expect(written).toEqual([])
})

test('one that has changed meanwhile is looked at again', async () => {
  const { look, held } = platform([configuration(valid)])
  held.set('postgres', configuration(wrong, { generation: 2, resourceVersion: '7' }))
  await expect(look()).rejects.toMatchObject({ status: 409 })
})

test('a message holds as much as a condition has room for', async () => {
  const stages = [{ name: 'copy', preconditions: Array.from({ length: 32 }, () => `source.${'x'.repeat(500)} ==`) }]
  const many = Array.from({ length: 8 }, (_, i) => ({ ...stages[0], name: `stage-${i}` }))
  const { look, ready } = platform([configuration(many)])
  await look()
  expect(ready()?.message).toHaveLength(4096)
})
