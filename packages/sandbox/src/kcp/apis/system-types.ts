import type { Resource, ResourceVersion, Verb } from '../../kube/resource.ts'
import { compileSchema, type ObjectSchema, type OpenApiSchema } from '../../kube/schema/mod.ts'
import { conditions, kind, object, text } from '../clusters/schema-parts.ts'
import { APIS } from '../names.ts'
import { systemStorage } from '../storage.ts'

const VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const PRESERVE = { 'x-kubernetes-preserve-unknown-fields': true } as const

type Source = {
  resource: string
  singular: string
  kind: string
  version: string
  spec: OpenApiSchema
  status?: OpenApiSchema
  columns?: ResourceVersion['columns']
}

const claims: OpenApiSchema = {
  type: 'array',
  description: 'What the provider wants to see of other types.',
  items: object('One type.', { group: text('Its group.'), resource: text('Its plural.') }, ['resource'], PRESERVE),
}

/** APIResourceSchema (contract 4.4). */
const schemas: Source = {
  ...{ resource: 'apiresourceschemas', singular: 'apiresourceschema', kind: 'APIResourceSchema', version: 'v1alpha1' },
  spec: object('A type, as a CustomResourceDefinition gives it.', { group: text('Its group.') }, [], PRESERVE),
}

/** APIExport (contract 4.5) in its preferred version. */
const exports: Source = {
  ...{ resource: 'apiexports', singular: 'apiexport', kind: 'APIExport', version: 'v1alpha2' },
  spec: object(
    'What is exported.',
    {
      resources: {
        type: 'array',
        items: object('One type.', { schema: text('Its APIResourceSchema.') }, [], PRESERVE),
      },
      permissionClaims: claims,
    },
    [],
    PRESERVE,
  ),
  status: object('What is known of it.', { identityHash: text('Hash of its identity.'), conditions }, [], PRESERVE),
}

/** APIBinding (contract 4.6) in its preferred version. */
const bindings: Source = {
  ...{ resource: 'apibindings', singular: 'apibinding', kind: 'APIBinding', version: 'v1alpha2' },
  spec: object(
    'What is bound.',
    {
      reference: object('The export.', {
        export: object('By name.', { path: text('Its logical cluster.'), name: text('Its name.') }, ['name']),
      }),
      permissionClaims: claims,
    },
    ['reference'],
    {
      'x-kubernetes-validations': [
        { rule: 'self.reference == oldSelf.reference', message: 'APIExport reference must not be changed' },
      ],
    },
  ),
  status: object('How far it is.', { phase: text('Binding or Bound.'), conditions }, [], PRESERVE),
  columns: [
    { name: 'APIExport', type: 'string', jsonPath: '.spec.reference.export.name' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
}

export const API_EXPORTS = systemStorage(APIS, exports.resource)
export const API_BINDINGS = systemStorage(APIS, bindings.resource)
export const apiExports = resourceOf(exports)
export const apiBindings = resourceOf(bindings)

/** The types of group apis.kcp.io, served in every logical cluster (contract 1.11). */
export const apisTypes: readonly Resource[] = [resourceOf(schemas), apiExports, apiBindings]

function resourceOf(source: Source): Resource {
  const { resource, singular, kind, version } = source
  return {
    ...{ group: APIS, resource, singular, kind, listKind: `${kind}List`, shortNames: [], categories: ['kcp'] },
    ...{ namespaced: false, verbs: VERBS, storage: systemStorage(APIS, resource), storageVersion: version },
    ...{ builtIn: false, strategy: { hasGeneration: true }, versions: new Map([[version, versionOf(source)]]) },
  }
}

function versionOf({ version, kind: name, spec, status, columns = [] }: Source): ResourceVersion {
  let compiled: ObjectSchema | undefined
  return {
    ...{ name: version, served: true, status: status !== undefined, selectableFields: [], columns },
    get schema() {
      const schema = kind(`${name} of kcp.`, { spec, ...(status !== undefined && { status }) })
      compiled ??= compileSchema(schema, { group: APIS, version, kind: name })
      return compiled
    },
  }
}
