import { expect, test } from 'vitest'
import { StatusError } from '../errors.ts'
import type { JsonObject, JsonValue, KubeObject } from '../objects.ts'
import { jsonPatch, mergePatch, strategicMergePatch, trackFields } from './mod.ts'
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

type Vector = {
  name: string
  type: 'json' | 'merge' | 'strategic'
  kind: string
  before: KubeObject
  patch: JsonValue
  answer: Answer
}

const recorded = vectors<Vector[]>('patches.json')
/** What other rooms refuse: the API server looks at the result, not at the patch. */
const OF_RESULT =
  /is invalid: (?!patch: Invalid value: "\[)|name of the object|namespace of the|has been modified|unknown format/

test.each(recorded.filter(({ answer }) => !isRefusal(answer)))('patches: $name', (vector) => {
  expect(replay(vector)).toEqual(comparable(vector.answer as KubeObject, () => 0))
})

test.each(recorded.filter(isOurs))('refuses: $name', (vector) => {
  expect(answerOf(() => patched(vector) as JsonObject)).toEqual(vector.answer)
})

test.each(recorded.filter(({ answer }) => answer['message'] === 'panic'))('survives: $name', (vector) => {
  expect(() => patched(vector)).not.toThrow(RangeError)
})

function isOurs({ answer }: Vector): boolean {
  return isRefusal(answer) && answer['message'] !== 'panic' && !OF_RESULT.test(String(answer['message']))
}

function patched({ type, kind, before, patch }: Vector): KubeObject {
  const object = before as JsonObject
  const resource = resourceOf(kind, before.apiVersion)
  if (type === 'json') return jsonPatch(object, patch) as KubeObject
  if (type === 'merge') return mergePatch(object, patch) as KubeObject
  if (!resource.builtIn) throw StatusError.unsupportedMediaType('')
  return strategicMergePatch(object, patch, schemaOf(resource, before.apiVersion)) as KubeObject
}

function replay(vector: Vector): JsonObject {
  const { kind, before } = vector
  const resource = resourceOf(kind, before.apiVersion)
  const old = { ...before, metadata: { ...before.metadata, uid: 'u' } }
  const given = patched(vector)
  const next = decoded(given as JsonObject, resource)
  if (given.metadata.managedFields !== undefined) next.metadata.managedFields = given.metadata.managedFields
  const { apiVersion } = before
  const now = new Date('2100-01-01T00:00:00Z')
  const managedFields = trackFields({
    ...{ old, next, manager: 'patcher', subresource: '', now, apiVersion, schema: schemaOf(resource, apiVersion) },
    resource,
  })
  return comparable({ ...putBack(next, before), metadata: { ...next.metadata, managedFields } }, () => 0)
}

/** What the types' own strategies do. */
function putBack(next: KubeObject, before: KubeObject): KubeObject {
  const { status: _, ...rest } = next
  if (next.kind === 'Widget') return rest as KubeObject
  if (next.kind === 'Namespace') return { ...next, spec: before['spec'] }
  if (next.kind !== 'ServiceAccount' || !Array.isArray(next['secrets'])) return next
  return { ...next, secrets: next['secrets'].map(({ name }: { name: string }) => ({ name })) }
}
