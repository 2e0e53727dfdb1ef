import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { conditions, kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { convertBinding } from './conversion/bindings.ts'
import {
  acceptableClaim,
  claim,
  exportReference,
  listOf,
  mapOf,
  oldAcceptableClaim,
  oldClaim,
  scopedClaim,
} from './parts.ts'
import { AGE, type TypeSource, V1, V2 } from './source.ts'

const CLAIM_KEYS = ['group', 'resource']
const columns = [
  { name: 'APIExport', type: 'string', jsonPath: '.spec.reference.export.name', description: 'What is bound' },
  {
    ...{ name: 'Ready', type: 'string', description: 'Whether the types are there' },
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  },
  AGE,
]

/** APIBinding (contract 4.6). */
export const apiBindingSource: TypeSource = {
  ...{ plural: 'apibindings', singular: 'apibinding', kind: 'APIBinding', storageVersion: V2, convert: convertBinding },
  versions: [
    {
      ...{ name: V1, status: true, columns },
      schema: () => bindingSchema({ acceptable: oldAcceptableClaim(), applied: oldClaim(), exported: oldClaim() }),
    },
    {
      ...{ name: V2, status: true, columns },
      schema: () => bindingSchema({ acceptable: acceptableClaim(), applied: scopedClaim(), exported: claim() }),
    },
  ],
}

type Claims = { acceptable: OpenApiSchema; applied: OpenApiSchema; exported: OpenApiSchema }

function bindingSchema(claims: Claims): OpenApiSchema {
  const permissionClaims = mapOf('What the consumer says to the claims of the provider.', claims.acceptable, CLAIM_KEYS)
  const fields = { reference: reference(), permissionClaims, deletionPolicy: deletionPolicy() }
  const spec = object('What is bound.', fields, ['reference'])
  return kind('APIBinding brings the types of an APIExport into the logical cluster that it is in.', {
    spec,
    status: status(claims),
  })
}

function reference(): OpenApiSchema {
  const named = exportReference('The APIExport. Whoever creates the binding needs the verb bind on it.')
  return object('What is bound. Immutable.', { export: named }, [], {
    oneOf: [{ required: ['export'] }],
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'APIExport reference must not be changed' }],
  })
}

function deletionPolicy(): OpenApiSchema {
  return text('Of objects that no other binding takes over when this one is deleted: they go, or it waits.', {
    ...{ enum: ['Delete', 'WaitForSuccessor'], default: 'Delete' },
  })
}

function status({ applied, exported }: Claims): OpenApiSchema {
  return object('How far the binding is.', {
    apiExportClusterName: text('Name of the logical cluster that the APIExport is in.'),
    phase: text('Binding until the types were there once, then Bound.', { enum: ['', 'Binding', 'Bound'] }),
    boundResources: mapOf('The types that are served because of this binding.', boundResource(), ['group', 'resource']),
    appliedPermissionClaims: listOf('The claims that have an effect.', applied),
    exportPermissionClaims: listOf('The claims that the APIExport makes.', exported),
    conditions,
  })
}

function boundResource(): OpenApiSchema {
  const schema = object(
    'The APIResourceSchema that was bound.',
    {
      name: text('Its name.', { minLength: 1 }),
      UID: text('Its UID.', { minLength: 1 }),
      identityHash: text('Identity of the APIExport, by which the objects are told from those of others.', {
        minLength: 1,
      }),
    },
    ['UID', 'identityHash', 'name'],
  )
  return object(
    'One type.',
    {
      group: text('Its group; empty for the core group.'),
      resource: text('Its plural.', { minLength: 1 }),
      schema,
      storageVersions: texts('All versions that objects were ever stored in.', { 'x-kubernetes-list-type': 'set' }),
    },
    ['group', 'resource', 'schema'],
  )
}
