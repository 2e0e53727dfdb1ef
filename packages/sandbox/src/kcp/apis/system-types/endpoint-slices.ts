import { conditions, kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { exportReference, mapOf } from './parts.ts'
import { AGE, type TypeSource, V1 } from './source.ts'

/** APIExportEndpointSlice (contract 4.7). */
export const endpointSliceSource: TypeSource = {
  ...{ plural: 'apiexportendpointslices', singular: 'apiexportendpointslice', kind: 'APIExportEndpointSlice' },
  storageVersion: V1,
  versions: [
    {
      ...{ name: V1, status: true },
      columns: [
        { name: 'Export', type: 'string', jsonPath: '.spec.export.name', description: 'What is served' },
        { name: 'Partition', type: 'string', jsonPath: '.spec.partition', description: 'Which shards count' },
        AGE,
      ],
      schema: () =>
        kind('APIExportEndpointSlice says at which URLs the provider finds the consumers of an APIExport.', {
          spec: spec(),
          status: status(),
        }),
    },
  ],
}

function spec() {
  const reference = exportReference('The APIExport. Immutable; whoever creates the slice needs the verb bind on it.', {
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'APIExport reference must not be changed' }],
  })
  const partition = text(
    'Name of the Partition, in the same logical cluster, with the shards that count; without it, all.',
  )
  return object('Which endpoints.', { export: reference, partition }, ['export'])
}

function status() {
  const endpoint = object(
    'One virtual workspace.',
    {
      url: text('Where it is served.', { minLength: 1 }),
      shards: texts('Shards that are served there.', { 'x-kubernetes-list-type': 'set' }),
    },
    ['url'],
  )
  return object('What is known of the endpoints.', {
    endpoints: mapOf('One for each shard that holds consumers.', endpoint, ['url']),
    shardSelector: text('Selector of the Partition, as text.'),
    conditions,
  })
}
