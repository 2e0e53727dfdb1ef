import { expect, test } from 'vitest'
import type { JsonObject } from '../objects.ts'
import type { Resource, ResourceVersion, Verb } from '../resource.ts'
import { builtInSchema, compileSchema, type OpenApiSchema } from '../schema/mod.ts'
import { type DocumentedGroups, openApiV2, openApiV2Protobuf, openApiV3Document, openApiV3Index } from './mod.ts'

const VERBS: Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']

function resource(
  group: string,
  kind: string,
  version: Partial<ResourceVersion>,
  more: Partial<Resource> = {},
): Resource {
  const plural = `${kind.toLowerCase()}s`
  const v1 = {
    name: 'v1',
    served: true,
    status: false,
    columns: [],
    selectableFields: [],
    ...version,
  } as ResourceVersion
  return {
    ...{ group, resource: plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    ...{ shortNames: [], categories: [], namespaced: true, verbs: VERBS, storage: plural, storageVersion: 'v1' },
    ...{ versions: new Map([['v1', v1]]), builtIn: false, strategy: {}, ...more },
  }
}

const things = (schema: OpenApiSchema) =>
  resource('ex.io', 'Thing', {
    schema: compileSchema(schema, { group: 'ex.io', version: 'v1', kind: 'Thing' }),
    status: true,
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    selectableFields: ['.spec.color'],
  })
const SPEC: OpenApiSchema = {
  type: 'object',
  description: 'A thing.',
  properties: {
    spec: {
      type: 'object',
      properties: { color: { type: 'string', nullable: true }, port: { 'x-kubernetes-int-or-string': true } },
    },
    embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
}
const configMaps = resource('', 'ConfigMap', { schema: builtInSchema('', 'v1', 'ConfigMap') }, { builtIn: true })
const ALL = [configMaps, things(SPEC)]

// biome-ignore lint/suspicious/noExplicitAny: documents are looked into deeply
const read = (document: JsonObject | undefined): any => document

test('the index names every group-version, and a hash changes with what it stands for', () => {
  const before = read(openApiV3Index(ALL, 'built-in')).paths
  expect(Object.keys(before)).toEqual(['api', 'api/v1', 'apis', 'apis/ex.io/v1', 'version'])
  expect(before['api/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/)
  expect(openApiV3Index([...ALL].reverse(), 'built-in')).toEqual({ paths: before })
  const after = read(openApiV3Index([configMaps, things({ ...SPEC, description: 'Another.' })], 'built-in')).paths
  expect(after['api/v1']).toEqual(before['api/v1'])
  expect(after['apis/ex.io/v1']).not.toEqual(before['apis/ex.io/v1'])
})

test('groups have a document about themselves: those that are built in, or all', () => {
  const roles = resource(
    'rbac.authorization.k8s.io',
    'Role',
    { schema: builtInSchema('rbac.authorization.k8s.io', 'v1', 'Role') },
    { builtIn: true },
  )
  const ofGroups = (documented: DocumentedGroups) =>
    Object.keys(read(openApiV3Index([...ALL, roles], documented)).paths).filter((path) => /^apis\/[^/]+$/.test(path))
  expect(ofGroups('built-in')).toEqual(['apis/rbac.authorization.k8s.io'])
  expect(ofGroups('all')).toEqual(['apis/ex.io', 'apis/rbac.authorization.k8s.io'])
  expect(openApiV3Document('apis/ex.io', ALL, 'built-in')).toBeUndefined()
  const { paths, components } = read(openApiV3Document('apis/ex.io', ALL, 'all'))
  expect(paths['/apis/ex.io/'].get).toMatchObject({ tags: ['exIo'], operationId: 'getExIoAPIGroup' })
  const text = JSON.stringify([components, paths])
  for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"]+)/g))
    expect(components.schemas).toHaveProperty([name ?? ''])
})

test('a custom resource is found by its group, version and kind, with metadata and references that lead somewhere', () => {
  const { components, paths } = read(openApiV3Document('apis/ex.io/v1', ALL, 'built-in'))
  const schema = components.schemas['io.ex.v1.Thing']
  expect(schema['x-kubernetes-group-version-kind']).toEqual([{ group: 'ex.io', version: 'v1', kind: 'Thing' }])
  expect(schema['x-kubernetes-selectable-fields']).toEqual([{ fieldPath: 'spec.color' }])
  expect(Object.keys(schema.properties).sort()).toEqual(['apiVersion', 'embedded', 'kind', 'metadata', 'spec'])
  expect(schema.properties.embedded.required).toEqual(['kind', 'apiVersion'])
  const text = JSON.stringify([components, paths])
  for (const [, name] of text.matchAll(/#\/components\/schemas\/([^"]+)/g))
    expect(components.schemas).toHaveProperty([name ?? ''])
})

test('a patch takes fieldValidation and dryRun, which kubectl looks for', () => {
  const { paths } = read(openApiV3Document('api/v1', ALL, 'built-in'))
  const { patch, get } = paths['/api/v1/namespaces/{namespace}/configmaps/{name}']
  expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: '', version: 'v1', kind: 'ConfigMap' })
  expect(patch['x-kubernetes-action']).toBe('patch')
  expect(patch.operationId).toBe('patchCoreV1NamespacedConfigMap')
  expect(patch.parameters.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(['fieldValidation', 'dryRun', 'fieldManager', 'force']),
  )
  expect(get.description).toBe('read the specified ConfigMap')
  expect(Object.keys(patch.requestBody.content)).toContain('application/strategic-merge-patch+json')
})

test('subresources have their own paths and kinds', () => {
  const { paths } = read(openApiV3Document('apis/ex.io/v1', ALL, 'built-in'))
  const base = '/apis/ex.io/v1/namespaces/{namespace}/things/{name}'
  expect(paths[`${base}/status`].get['x-kubernetes-group-version-kind'].kind).toBe('Thing')
  expect(paths[`${base}/scale`].put['x-kubernetes-group-version-kind']).toEqual({
    group: 'ex.io',
    version: 'v1',
    kind: 'Thing',
  })
  expect(paths[`${base}/scale`].put.requestBody.content['application/json'].schema.$ref).toMatch(
    /autoscaling\.v1\.Scale$/,
  )
})

test('there is no document of what is not served', () => {
  expect(openApiV3Document('apis/none.io/v1', ALL, 'built-in')).toBeUndefined()
  expect(openApiV3Document('apis/ex.io/v2', ALL, 'built-in')).toBeUndefined()
})

test('version 2 leaves out what Swagger has no word for', () => {
  const { definitions, paths, swagger } = read(openApiV2(ALL))
  expect(swagger).toBe('2.0')
  expect(definitions['io.ex.v1.Thing'].properties.spec.properties).toEqual({
    color: {},
    port: { 'x-kubernetes-int-or-string': true },
  })
  expect(definitions['io.ex.v1.Thing'].properties.metadata.$ref).toBe(
    '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  )
  const { parameters } = paths['/apis/ex.io/v1/namespaces/{namespace}/things'].post
  expect(parameters[0]).toEqual({
    name: 'body',
    in: 'body',
    required: true,
    schema: { $ref: '#/definitions/io.ex.v1.Thing' },
  })
})

test('version 2 calls quantities strings, and version 3 also numbers', () => {
  const quotas = resource('', 'ResourceQuota', { schema: builtInSchema('', 'v1', 'ResourceQuota') }, { builtIn: true })
  const name = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
  expect(read(openApiV2([quotas])).definitions[name]).toMatchObject({ type: 'string' })
  expect(read(openApiV2([quotas])).definitions[name]).not.toHaveProperty('oneOf')
  const { schemas } = read(openApiV3Document('api/v1', [quotas], 'built-in')).components
  expect(schemas[name].oneOf).toEqual([{ type: 'string' }, { type: 'number' }])
})

test('the protobuf form carries names and extensions', () => {
  const bytes = openApiV2Protobuf(openApiV2(ALL))
  const text = bytes.toString('latin1')
  expect(text).toContain('io.ex.v1.Thing')
  expect(text).toContain('x-kubernetes-group-version-kind')
  expect(text).toContain('[{"group":"ex.io","version":"v1","kind":"Thing"}]')
})
