import type { Resource, ResourceVersion } from '../resource.ts'
import { componentOf, metaSchemas, refOf, schemasOf } from '../schema/builtin-data.ts'
import type { OpenApiSchema } from '../schema/types.ts'

export type Schemas = Record<string, OpenApiSchema>

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
export const REF = '#/components/schemas/'
export const DELETE_OPTIONS = `${META}DeleteOptions`
export const STATUS = `${META}Status`
export const PATCH = `${META}Patch`
const METADATA =
  "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
const LIST_METADATA =
  'Standard list metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds'
const API_VERSION =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources'
const KIND =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds'
const EMBEDDED_API_VERSION =
  'apiVersion defines the versioned schema of this representation of an object. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources'
const EMBEDDED_KIND =
  'kind is a string value representing the type of this object. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds'

const typeMeta = (): Record<string, OpenApiSchema> => ({
  apiVersion: { description: API_VERSION, type: 'string' },
  kind: { description: KIND, type: 'string' },
})

const gvkExtension = (group: string, version: string, kind: string) => ({
  'x-kubernetes-group-version-kind': [{ group, version, kind }],
})

/** Name of a kind's schema among the components: that of its Go type, or the group reversed for custom resources. */
export function componentName(group: string, version: string, kind: string): string {
  const known = componentOf({ group, version, kind })
  return known?.name ?? [...group.split('.').reverse(), version, kind].join('.')
}

/** Every schema that the operations of `resources` in one group-version refer to, by name. */
export function componentsOf(resources: readonly Resource[], group: string, version: string): Schemas {
  const found: Schemas = {}
  for (const name of [DELETE_OPTIONS, STATUS, PATCH]) addBuiltIn(found, name, group, version)
  for (const resource of resources) {
    const served = resource.versions.get(version)
    if (served === undefined) continue
    if (resource.builtIn) addBuiltInKinds(found, resource, group, version)
    else addCustom(found, resource, group, version, served)
    for (const sub of resource.subresources ?? []) addByKind(found, sub.group, sub.version, sub.kind)
    if (served.scale !== undefined) addByKind(found, 'autoscaling', 'v1', 'Scale')
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A schema of apimachinery with all that it refers to. */
export function metaComponents(name: string): Schemas {
  const found: Schemas = {}
  addBuiltIn(found, name, '', '')
  return found
}

function addBuiltInKinds(found: Schemas, { kind, listKind }: Resource, group: string, version: string): void {
  addByKind(found, group, version, kind)
  addByKind(found, group, version, listKind)
}

function addByKind(found: Schemas, group: string, version: string, kind: string): void {
  const component = componentOf({ group, version, kind })
  if (component !== undefined) addBuiltIn(found, component.name, group, version)
}

/** A built-in schema with all that it refers to. */
function addBuiltIn(found: Schemas, name: string, group: string, version: string): void {
  const schema = schemasOf(group, version)[name] ?? metaSchemas()[name]
  if (schema === undefined || Object.hasOwn(found, name)) return
  found[name] = schema
  for (const ref of refsIn(schema)) addBuiltIn(found, ref, group, version)
}

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn)
  if (typeof value !== 'object' || value === null) return []
  const own = '$ref' in value && typeof value.$ref === 'string' ? refOf({ $ref: value.$ref }) : undefined
  return [...(own === undefined ? [] : [own]), ...Object.values(value).flatMap(refsIn)]
}

function addCustom(
  found: Schemas,
  resource: Resource,
  group: string,
  version: string,
  { schema, selectableFields }: ResourceVersion,
): void {
  const { kind, listKind } = resource
  const name = componentName(group, version, kind)
  addBuiltIn(found, `${META}ObjectMeta`, '', '')
  addBuiltIn(found, `${META}ListMeta`, '', '')
  const selectable = selectableFields.map((path) => ({ fieldPath: path.replace(/^\./, '') }))
  found[name] = {
    ...withResourceMeta(schema.openapi),
    ...gvkExtension(group, version, kind),
    ...(selectable.length > 0 && { 'x-kubernetes-selectable-fields': selectable }),
  }
  found[componentName(group, version, listKind)] = {
    ...listSchema(name, resource, group, version),
    ...(selectable.length > 0 && { 'x-kubernetes-selectable-fields': selectable }),
  }
}

function listSchema(name: string, resource: Resource, group: string, version: string): OpenApiSchema {
  const { kind, listKind } = resource
  const { apiVersion, kind: kindSchema } = typeMeta()
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: apiVersion as OpenApiSchema,
      items: {
        description: `List of ${resource.resource}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md`,
        type: 'array',
        items: { $ref: `${REF}${name}` },
      },
      kind: kindSchema as OpenApiSchema,
      metadata: { description: LIST_METADATA, allOf: [{ $ref: `${REF}${META}ListMeta` }] },
    },
    ...gvkExtension(group, version, listKind),
  }
}

/** A custom resource's schema with TypeMeta and ObjectMeta where they belong, in embedded resources too. */
function withResourceMeta(schema: OpenApiSchema): OpenApiSchema {
  const metadata: OpenApiSchema = { description: METADATA, allOf: [{ $ref: `${REF}${META}ObjectMeta` }] }
  const inner = withEmbedded(schema)
  return { ...inner, properties: { ...inner.properties, ...typeMeta(), metadata } }
}

function withEmbedded(schema: OpenApiSchema): OpenApiSchema {
  const { properties, items, additionalProperties } = schema
  const walked: OpenApiSchema = {
    ...schema,
    ...(isPlainIntOrString(schema) && { anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, withEmbedded(child)])),
    }),
    ...(items !== undefined && { items: withEmbedded(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: withEmbedded(additionalProperties) }),
  }
  if (schema['x-kubernetes-embedded-resource'] !== true) return walked
  const metadata: OpenApiSchema = { description: METADATA, allOf: [{ $ref: `${REF}${META}ObjectMeta` }] }
  const required = new Set([...((schema['required'] ?? []) as string[]), 'kind', 'apiVersion'])
  const types = {
    apiVersion: { description: EMBEDDED_API_VERSION, type: 'string' },
    kind: { description: EMBEDDED_KIND, type: 'string' },
  }
  return { ...walked, properties: { ...walked.properties, ...types, metadata }, required: [...required] }
}

const isPlainIntOrString = (schema: OpenApiSchema): boolean =>
  schema['x-kubernetes-int-or-string'] === true && schema['anyOf'] === undefined && schema.allOf === undefined
