import { expect, test } from 'vitest'
import type { JsonObject, JsonValue, KubeObject } from '../objects.ts'
import { ignoreManagedTimes } from '../requests/writing/metadata.ts'
import type { Resource } from '../resource.ts'
import { jsonPatch, mergePatch, serverSideApply, strategicMergePatch, trackFields } from './mod.ts'
import {
  type Answer,
  answerOf,
  comparable,
  decoded,
  isRefusal,
  resourceOf,
  schemaOf,
  vectors,
} from './vectors/replay.ts'

type Step = {
  what: 'create' | 'update' | 'apply' | 'merge' | 'json' | 'strategic'
  as?: string
  at: string
  force: boolean
  apiVersion: string
  body: JsonValue
  answer: Answer
}
type Sequence = { name: string; kind: string; steps: Step[] }

/** Steps are a minute apart here. */
const timeOf = (step: number): Date => new Date(Date.UTC(2026, 0, 1, 0, step))
const stepOf = (time: string): number | string =>
  time.startsWith('2020') ? time : new Date(time).getUTCMinutes() + new Date(time).getUTCHours() * 60

test.each(vectors<Sequence[]>('sequences.json'))('sequences: $name', ({ kind, steps }) => {
  let live: KubeObject | undefined
  for (const [index, step] of steps.entries()) {
    const resource = resourceOf(kind, step.apiVersion)
    const before = live && { ...live, apiVersion: step.apiVersion }
    const answer = answerOf(() => show(replay(resource, step, before, timeOf(index))))
    // The validation of the result is another room's business.
    if (step.answer['code'] !== 422) {
      expect.soft(seen(answer), `step ${index}: ${JSON.stringify(step.body)}`).toEqual(seen(step.answer))
    }
    if (!isRefusal(step.answer)) live = restored(step.answer)
  }
})

const show = (object: KubeObject): JsonObject => comparable(object, stepOf)

/** The recorded object as it stood in the server's store. */
function restored(answer: Answer): KubeObject {
  const object = structuredClone(answer) as KubeObject
  for (const entry of object.metadata.managedFields ?? []) {
    if (typeof entry.time === 'number') entry.time = timeOf(entry.time).toISOString().replace('.000', '')
  }
  object.metadata.uid = 'u'
  return object
}

function replay(resource: Resource, step: Step, live: KubeObject | undefined, now: Date): KubeObject {
  const { what, at: subresource, apiVersion, force } = step
  const manager = step.as ?? 'recorder'
  const schema = schemaOf(resource, apiVersion)
  if (what === 'apply') {
    const config = step.body as KubeObject
    const expected = { apiVersion: live?.apiVersion ?? apiVersion, kind: resource.kind }
    const applied = serverSideApply({ live, config, manager, force, subresource, now, schema, resource, expected })
    return stored(defaulted(applied, resource), live, step, resource)
  }
  const given = changed(resource, step, live)
  const next = decoded(given as JsonObject, resource)
  if (given.metadata.managedFields !== undefined) next.metadata.managedFields = given.metadata.managedFields
  const managedFields = trackFields({ old: live, next, manager, subresource, now, apiVersion, schema, resource })
  next.metadata.managedFields = managedFields
  return stored(next, live, step, resource)
}

/** An application's result is not pruned: what it emptied is refused. */
function defaulted(applied: KubeObject, resource: Resource): KubeObject {
  if (resource.builtIn) return decoded(applied as JsonObject, resource)
  schemaOf(resource, applied.apiVersion).applyDefaults(applied as JsonObject)
  return applied
}

function changed(resource: Resource, { what, body, apiVersion }: Step, live: KubeObject | undefined): KubeObject {
  if (what === 'create') return body as KubeObject
  if (what === 'update') return body as KubeObject
  const object = live as JsonObject
  if (what === 'json') return jsonPatch(object, body) as KubeObject
  if (what === 'merge') return mergePatch(object, body) as KubeObject
  return strategicMergePatch(object, body, schemaOf(resource, apiVersion)) as KubeObject
}

/** What a custom resource's strategy puts back: the status, or all but the status. */
function stored(next: KubeObject, live: KubeObject | undefined, { at }: Step, resource: Resource): KubeObject {
  if (live !== undefined) ignoreManagedTimes(next, live)
  const object = { ...next, metadata: { ...next.metadata, namespace: 'default' } }
  if (resource.kind !== 'Widget') return object
  const { managedFields } = object.metadata
  if (at === 'status' && live !== undefined) {
    return { ...live, status: next['status'], metadata: { ...live.metadata, managedFields } } as KubeObject
  }
  const { status: _, ...rest } = object as KubeObject
  return { ...rest, ...(live?.['status'] !== undefined && { status: live['status'] }) } as KubeObject
}

/** Types whose own defaults and strategies are other rooms' business: only what is owned is compared. */
const WITH_STRATEGY = new Set([
  ...['Namespace', 'ResourceQuota', 'Secret', 'ServiceAccount', 'ValidatingWebhookConfiguration'],
])

function seen(answer: Answer): JsonValue {
  if (isRefusal(answer)) return inOrder(answer)
  return WITH_STRATEGY.has(String(answer['kind']))
    ? ((answer['metadata'] as JsonObject)['managedFields'] ?? [])
    : answer
}

/** Causes of several managers come in any order. */
function inOrder(answer: Answer): Answer {
  const details = answer['details'] as { causes?: JsonValue[] } | undefined
  const causes = details?.causes?.map((cause) => JSON.stringify(cause)).sort()
  return causes === undefined ? answer : { ...answer, details: { ...details, causes } }
}
