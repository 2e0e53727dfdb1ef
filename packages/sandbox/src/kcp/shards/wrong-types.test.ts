import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { StatusError } from '../../kube/errors.ts'
import { isObject } from '../../kube/json.ts'
import type { JsonObject, JsonValue } from '../../kube/objects.ts'
import type { Resource } from '../../kube/resource.ts'
import { builtInSchema, type OpenApiSchema } from '../../kube/schema/mod.ts'
import { systemObjects } from '../vectors/system-objects.ts'
import { Installation } from './installation.ts'
import type { Shard } from './shard.ts'

const URL = 'https://127.0.0.1:1'
const WRONG: readonly JsonValue[] = [5, null, 'x', [], {}]
type Answer = { code: number; message: string }
type Path = readonly (string | number)[]

const METADATA: readonly Path[] = [
  ...['annotations', 'labels', 'finalizers', 'ownerReferences', 'managedFields', 'generateName'].map((key) => [key]),
  ...['a', 'kcp.io/cluster', 'kcp.io/path', 'internal.apis.kcp.io/export'].flatMap((key) => [
    ['annotations', key],
    ['labels', key],
  ]),
  ...[
    ['finalizers', 0],
    ['ownerReferences', 0],
    ['ownerReferences', 0, 'uid'],
    ['managedFields', 0],
  ],
].map((path) => ['metadata', ...path])

/** Whom admission binds. */
const ADMIN = { username: 'kcp-admin', groups: ['system:kcp:admin', 'system:authenticated'], extra: {} }

let installation: Installation
let shard: Shard

beforeAll(async () => {
  const shards = [{ name: 'root', url: URL, virtualWorkspaceUrl: URL }]
  installation = await Installation.open({ shards, externalUrl: URL, rootCa: '', log: { warn: () => {} } })
  shard = installation.shards[0]!
  await vi.waitUntil(() => systemTypes().some(({ resource }) => resource === 'partitions'), { timeout: 60_000 })
})
afterAll(() => installation.close())

/** What a request in root answers, as a user whom admission binds. */
async function send(method: string, path: string, body: JsonValue, { dryRun } = { dryRun: true }): Promise<Answer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  try {
    const { status } = await shard.serve(
      {
        ...{
          method,
          path: `/clusters/root${path}`,
          query: new URLSearchParams(dryRun ? { dryRun: 'All' } : {}),
          credentials: {},
        },
        headers: { 'content-type': type, accept: 'application/json' },
        body: async () => Buffer.from(JSON.stringify(body)),
        signal: new AbortController().signal,
      },
      ADMIN,
    )
    return { code: status, message: '' }
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message }
    return { code: 500, message: String(error) }
  }
}

/** Paths of all fields below a schema; of lists and maps the first entry. */
function* fieldsOf(schema: OpenApiSchema, resolve: (schema: OpenApiSchema) => OpenApiSchema, at: Path): Iterable<Path> {
  const { properties = {}, additionalProperties, items } = resolve(schema)
  for (const [key, property] of Object.entries(properties)) {
    yield [...at, key]
    yield* fieldsOf(property, resolve, [...at, key])
  }
  if (typeof additionalProperties === 'object') yield [...at, 'a']
  if (items === undefined) return
  yield [...at, 0]
  yield* fieldsOf(items, resolve, [...at, 0])
}

/** Fields of a schema within an APIResourceSchema, at its root and below. */
function* schemaFields(): Iterable<Path> {
  const { openapi, resolve } = builtInSchema('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
  const at = ['spec', 'versions', 0, 'schema']
  const walk = (schema: OpenApiSchema, [step, ...rest]: Path): OpenApiSchema => {
    const target = resolve(schema)
    if (step === undefined) return target
    return walk(typeof step === 'number' ? target.items! : target.properties![step]!, rest)
  }
  const { properties = {} } = walk(openapi, [...at, 'openAPIV3Schema'])
  for (const key of Object.keys(properties)) {
    for (const place of [[], ['properties', 'a'], ['items']]) yield [...at, ...place, key]
  }
  for (const key of ['rule', 'message', 'messageExpression', 'reason', 'fieldPath', 'optionalOldSelf']) {
    yield [...at, 'x-kubernetes-validations', 0, key]
  }
}

/** `object` with another value at a path. */
function having(object: JsonValue, [step, ...rest]: Path, value: JsonValue): JsonValue {
  if (step === undefined) return value
  const isEntry = typeof step === 'number'
  const copy = isEntry ? (Array.isArray(object) ? [...object] : []) : isObject(object) ? { ...object } : {}
  const container = copy as Record<string | number, JsonValue>
  container[step] = having(container[step] ?? null, rest, value)
  return copy
}

function systemTypes(): Resource[] {
  const { catalog, builtIns } = shard.services
  return catalog()
    .list('root')
    .filter((type) => !builtIns.includes(type))
}

test("there is an object of each of kcp's types", () => {
  const types = systemTypes().flatMap(({ resource, versions }) =>
    [...versions.keys()].map((name) => `${resource}.${name}`),
  )
  expect(Object.keys(systemObjects).sort()).toEqual(types.sort())
})

describe.each(Object.entries(systemObjects))('%s', (key, object) => {
  const base = object as JsonObject
  const [resource, version] = key.split('.') as [string, string]
  const type = () => systemTypes().find((each) => each.resource === resource)!
  const path = () => `/apis/${type().group}/${version}/${resource}`

  /** Answers of the server's own faults, of all fields set to wrong values. */
  async function faults(method: string, below: string): Promise<string[]> {
    const { openapi, resolve } = type().versions.get(version)!.schema
    const fields = [
      ...METADATA,
      ...(['spec', 'status'] as const).flatMap((key) => [
        [key],
        ...fieldsOf(openapi.properties?.[key] ?? {}, resolve, [key]),
      ]),
      ...(resource === 'apiresourceschemas' ? schemaFields() : []),
    ]
    const found: string[] = []
    for (const field of fields) {
      for (const wrong of WRONG) {
        const { code, message } = await send(method, `${path()}${below}`, having(base, field, wrong))
        if (code >= 500) found.push(`${field.join('.')}: ${JSON.stringify(wrong)}: ${message}`)
      }
    }
    return found
  }

  const name = (base['metadata'] as { name: string }).name

  beforeAll(async () => {
    // Every logical cluster has its own one.
    if (resource === 'logicalclusters') return
    expect(await send('POST', path(), base, { dryRun: false })).toEqual({ code: 201, message: '' })
  })

  test('is refused or taken with a wrong value in one field, and never a fault of the server', async () => {
    expect(await faults('POST', '')).toEqual([])
  })

  test('is refused or taken when a change sets a wrong value, and never a fault of the server', async () => {
    expect(await faults('PATCH', `/${name}`)).toEqual([])
    if (type().versions.get(version)!.status) expect(await faults('PATCH', `/${name}/status`)).toEqual([])
  })

  test('is no fault of the server without one of its parts', async () => {
    for (const part of ['metadata', 'spec', 'kind', 'apiVersion']) {
      const { [part]: _, ...rest } = base
      expect((await send('POST', path(), rest)).code).toBeLessThan(500)
    }
  })
})
