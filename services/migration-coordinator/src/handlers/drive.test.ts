import { Assignment, Migration } from '@resource-broker/api'
import type { KeyView, KubeObject, Run } from '@resource-broker/bus'
import { KubeError, type ObjectRef } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
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

/** A coordinator's run, and what the platform holds; `meanwhile` happens while it is asked for MigrationConfigurations. */
function runWith(objects: KubeObject[], meanwhile: (learn: (object: KubeObject) => void) => void) {
  const held = new Map(objects.map((object) => [object.metadata.name, object]))
  const found = (name: string): KubeObject => {
    const object = held.get(name)
    if (object === undefined) throw new KubeError(404, { reason: 'NotFound' })
    return object
  }
  let known = held.get('assignment-a')
  const view = {
    get: (part: string, name: string) =>
      part === 'assignment' ? { name: 'assignment-a', object: known } : { object: held.get(name) },
    all: () => new Map([['migration-1', { object: held.get('migration-1') }]]),
    learn: (part: string, _name: string | undefined, { object }: { object: KubeObject }) => {
      if (part === 'assignment') known = object
    },
  }
  const coordination = {
    get: async ({ name }: ObjectRef) => found(name),
    list: async () => {
      meanwhile((object) => {
        held.set(object.metadata.name, object)
        known = object
      })
      return { items: [] }
    },
    mergePatch: async ({ name }: ObjectRef, { metadata, ...patch }: KubeObject) => {
      const object = found(name)
      if (metadata.resourceVersion !== object.metadata.resourceVersion) throw new KubeError(409, { reason: 'Conflict' })
      const spec = { ...(object['spec'] as object), ...(patch['spec'] as object | undefined) }
      const status = { ...(object['status'] as object | undefined), ...(patch['status'] as object | undefined) }
      const written = { ...object, metadata: { ...object.metadata, resourceVersion: `${metadata.resourceVersion}1` } }
      held.set(name, { ...written, spec, status })
      return found(name)
    },
  }
  const logger = { info: () => undefined, warn: () => undefined }
  const context = { coordination, logger, now: () => new Date(0), keepMs: 1_000 } as unknown as CoordinatorContext
  return { held, drive: () => drive(context, { view: view as unknown as KeyView, attempt: 1 } as Run) }
}

test('a new Migration asks for the incoming copy', async () => {
  const { held, drive: run } = runWith([assignment('uid-first', 'alpha', '1'), migration], () => undefined)
  await run()
  expect(held.get('assignment-a')?.['spec']).toMatchObject({ copies: [{ providerCluster: 'beta', role: 'Incoming' }] })
})

test('a step that was planned by one Assignment is not taken with the next one of its name', async () => {
  const next = assignment('uid-next', 'beta', '7')
  const { held, drive: run } = runWith([assignment('uid-first', 'alpha', '1'), migration], (learn) => learn(next))
  await run()
  expect(held.get('assignment-a')).toEqual(next)
  expect(held.get('migration-1')?.['status']).toMatchObject({ state: 'Failed' })
})
