/**
 * Writes data/openapi/*.json: the schemas of the built-in types that the sandbox serves, as a real kube-apiserver
 * publishes them below /openapi/v3. Run it again when the version of kube-apiserver changes:
 * `node scripts/generate-openapi.ts`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlPlane } from '@resource-broker/testbed'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Schemas = Record<string, { [key: string]: Json }>
type Document = { components: { schemas: Schemas }; paths: Record<string, Record<string, { parameters?: Json[] }>> }
type Gvk = { group: string; version: string; kind: string }

const SERVED: Record<string, readonly string[]> = {
  'api/v1': [
    ...['ConfigMap', 'Event', 'LimitRange', 'Namespace', 'ResourceQuota', 'Secret', 'ServiceAccount'],
    ...['ConfigMapList', 'EventList', 'LimitRangeList', 'NamespaceList', 'ResourceQuotaList', 'SecretList'],
    'ServiceAccountList',
  ],
  'apis/admissionregistration.k8s.io/v1': [],
  'apis/apiextensions.k8s.io/v1': [],
  'apis/authentication.k8s.io/v1': [],
  'apis/authorization.k8s.io/v1': [],
  'apis/autoscaling/v1': ['Scale'],
  'apis/certificates.k8s.io/v1': [],
  'apis/coordination.k8s.io/v1': [],
  'apis/events.k8s.io/v1': [],
  'apis/rbac.authorization.k8s.io/v1': [],
}
/** Where a kind is published that its own group-version's document leaves out. */
const HOMES: Record<string, string> = { 'apis/autoscaling/v1': 'apis/apps/v1' }
/** Shared by every group-version; kept once. */
const META = 'io.k8s.apimachinery.pkg.'
const META_KINDS = ['APIResourceList', 'DeleteOptions', 'Status', 'WatchEvent']
/** Documents about discovery, one of each form: all that they say is of apimachinery. */
const DISCOVERY = ['api', 'apis', 'apis/rbac.authorization.k8s.io', 'version']
const GVK = 'x-kubernetes-group-version-kind'
const OUT = new URL('../data/openapi/', import.meta.url)

const controlPlane = await startControlPlane({
  name: 'openapi',
  dir: await mkdtemp(join(tmpdir(), 'sandbox-openapi-')),
})
try {
  const { gitVersion } = (await controlPlane.client.json('GET', '/version')) as unknown as { gitVersion: string }
  const source = {
    source: `kube-apiserver ${gitVersion}, /openapi/v3`,
    license: 'Apache-2.0, Copyright The Kubernetes Authors',
  }
  await rm(OUT, { recursive: true, force: true })
  await mkdir(OUT, { recursive: true })
  const meta: Schemas = {}
  const core = await read('api/v1')
  for (const [path, kinds] of Object.entries(SERVED)) {
    const { components } = await read(HOMES[path] ?? path)
    const schemas = { ...core.components.schemas, ...components.schemas }
    const kept = closure(schemas, rootsOf(schemas, path, kinds))
    Object.assign(
      meta,
      pick(kept, (name) => name.startsWith(META)),
    )
    await write(`${path.replace(/^apis?\//, '').replaceAll('/', '_')}.json`, {
      ...source,
      schemas: pick(kept, (name) => !name.startsWith(META)),
    })
  }
  for (const path of DISCOVERY) Object.assign(meta, (await read(path)).components.schemas)
  await write('parameters.json', { ...source, parameters: parametersOf(core) })
  await write('meta.json', { ...source, schemas: meta })
} finally {
  await controlPlane.stop()
}
process.exit(0)

async function read(path: string): Promise<Document> {
  return (await controlPlane.client.json('GET', `/openapi/v3/${path}`)) as unknown as Document
}

function gvksOf(schema: { [key: string]: Json }): Gvk[] {
  return (schema[GVK] ?? []) as Gvk[]
}

/** Names of the schemas of the served kinds (all of the group-version's own where none are named), and of the meta kinds. */
function rootsOf(schemas: Schemas, path: string, kinds: readonly string[]): string[] {
  const [, group, version] = path === 'api/v1' ? ['', '', 'v1'] : path.split('/')
  return Object.keys(schemas).filter((name) =>
    gvksOf(schemas[name] ?? {}).some((gvk) =>
      name.startsWith(META)
        ? META_KINDS.includes(gvk.kind)
        : gvk.group === group && gvk.version === version && (kinds.length === 0 || kinds.includes(gvk.kind)),
    ),
  )
}

function closure(schemas: Schemas, roots: readonly string[]): Schemas {
  const kept: Schemas = {}
  const pending = [...roots, `${META}apis.meta.v1.Patch`]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const schema = schemas[name]
    if (schema === undefined || Object.hasOwn(kept, name)) continue
    kept[name] = withoutForeignKinds(name, schema)
    pending.push(
      ...[...JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, to]) => to ?? ''),
    )
  }
  return kept
}

/** DeleteOptions and WatchEvent name every group of the server; only those that are served stay. */
function withoutForeignKinds(name: string, schema: { [key: string]: Json }): { [key: string]: Json } {
  if (!name.startsWith(META) || schema[GVK] === undefined) return schema
  const served = new Set(Object.keys(SERVED).map((path) => path.replace(/^apis?\//, '')))
  const gvks = gvksOf(schema).filter(({ group, version }) => served.has(group === '' ? version : `${group}/${version}`))
  return { ...schema, [GVK]: gvks }
}

/** Every query and path parameter by the verb that takes it. */
function parametersOf({ paths }: Document): Record<string, Json[]> {
  const item = paths['/api/v1/namespaces/{namespace}/configmaps/{name}'] ?? {}
  const collection = paths['/api/v1/namespaces/{namespace}/configmaps'] ?? {}
  const of = (path: typeof item, verb: string) => path[verb]?.parameters ?? []
  return {
    item: item['parameters'] as unknown as Json[],
    patch: of(item, 'patch'),
    put: of(item, 'put'),
    delete: of(item, 'delete'),
    list: of(collection, 'get'),
    post: of(collection, 'post'),
    deletecollection: of(collection, 'delete'),
  }
}

function pick(schemas: Schemas, wanted: (name: string) => boolean): Schemas {
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => wanted(name)))
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  )
}

/** One line per schema, so that a new version of Kubernetes shows as a readable difference. */
async function write(file: string, content: Record<string, Json>): Promise<void> {
  const lines = Object.entries(content).map(([key, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return `${JSON.stringify(key)}: ${JSON.stringify(value)}`
    }
    const entries = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}: ${JSON.stringify(sorted(value[name] ?? null))}`)
    return `${JSON.stringify(key)}: {\n${entries.join(',\n')}\n}`
  })
  await writeFile(new URL(file, OUT), `{\n${lines.join(',\n')}\n}\n`)
}
