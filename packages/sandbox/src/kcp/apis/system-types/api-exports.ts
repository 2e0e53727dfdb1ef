import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { conditions, kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { convertExport } from './conversion/exports.ts'
import { claim, listOf, mapOf, oldClaim } from './parts.ts'
import { AGE, type TypeSource, V1, V2 } from './source.ts'

const DESCRIPTION = 'APIExport offers types to other logical clusters, which take them by an APIBinding.'
const CLAIM_KEYS = ['group', 'resource']
const columns = [AGE]

/** APIExport (contract 4.5). */
export const apiExportSource: TypeSource = {
  ...{ plural: 'apiexports', singular: 'apiexport', kind: 'APIExport', storageVersion: V2, convert: convertExport },
  versions: [
    {
      name: V1,
      status: true,
      columns,
      schema: () => exportSchema({ latestResourceSchemas: schemaNames() }, oldClaim()),
    },
    { name: V2, status: true, columns, schema: () => exportSchema({ resources: resources() }, claim()) },
  ],
}

function exportSchema(types: Record<string, OpenApiSchema>, claimed: OpenApiSchema): OpenApiSchema {
  const permissionClaims = mapOf('What the provider wants to see of other types.', claimed, CLAIM_KEYS)
  const spec = object('What is offered.', {
    ...types,
    identity: identity(),
    maximalPermissionPolicy: maximalPermissionPolicy(),
    permissionClaims,
  })
  return kind(DESCRIPTION, { spec, status: status() })
}

function schemaNames(): OpenApiSchema {
  return texts('Names of the APIResourceSchemas that are offered, in the same logical cluster.', {
    'x-kubernetes-list-type': 'set',
  })
}

function resources(): OpenApiSchema {
  const item = object(
    'One type.',
    {
      name: text('Plural of the type.', { minLength: 1 }),
      group: text('Group of the type; empty for the core group.', { default: '' }),
      schema: text('Name of its APIResourceSchema, which ends in .<name>.<group>.', { minLength: 1 }),
      storage: storage(),
    },
    ['name', 'schema'],
  )
  return mapOf('The types that are offered.', item, ['name', 'group'])
}

function storage(): OpenApiSchema {
  const reference = object(
    'The object that says where they are served.',
    {
      apiGroup: text('Group of the object.'),
      kind: text('Kind of the object.'),
      name: text('Name of the object.'),
    },
    ['kind', 'name'],
    { 'x-kubernetes-map-type': 'atomic' },
  )
  const virtual = object(
    'Objects are served by another virtual workspace.',
    { reference, identityHash: text('Identity of the objects there.') },
    ['reference'],
  )
  const crd = object('Objects are kept as those of a CustomResourceDefinition.', {})
  return object('Where objects of the type are kept.', { crd, virtual }, [], {
    default: { crd: {} },
    'x-kubernetes-validations': [
      { rule: 'has(self.crd) != has(self.virtual)', message: 'exactly one of "crd" and "virtual" must be set' },
    ],
  })
}

function identity(): OpenApiSchema {
  const secretRef = object(
    'The secret that holds the identity in data.key.',
    { name: text('Name of the secret.'), namespace: text('Namespace of the secret.') },
    [],
    { 'x-kubernetes-map-type': 'atomic' },
  )
  return object(
    'What makes objects of this export differ from those of others: exports with the same identity share objects. A secret is made where none is named.',
    { secretRef },
  )
}

function maximalPermissionPolicy(): OpenApiSchema {
  return object(
    'Sets a limit to what consumers may do with the types: RBAC has to allow it to the user and groups with the prefix apis.kcp.io:binding: too.',
    { local: object('RBAC in the logical cluster of the export counts.', {}) },
    [],
    { oneOf: [{ required: ['local'] }] },
  )
}

function status(): OpenApiSchema {
  const url = object('One virtual workspace.', { url: text('Its URL.', { minLength: 1 }) }, ['url'])
  return object('What is known of the export.', {
    identityHash: text('Hash of the identity. Never changes.'),
    conditions,
    virtualWorkspaces: listOf('Replaced by APIExportEndpointSlices; empty.', url),
  })
}
