import { conditions, kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { CORE, TOPOLOGY } from '../../names.ts'
import { shardSelector } from './shard-selector.ts'
import type { SchemaSource } from './source.ts'

/** Partition (contract 4.10). */
export const partitions: SchemaSource = {
  group: TOPOLOGY,
  ...{ plural: 'partitions', singular: 'partition', kind: 'Partition', status: false },
  columns: [
    { name: 'Owner', type: 'string', jsonPath: '.metadata.ownerReferences[*].name' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: () =>
    kind(
      'Partition is a set of shards.',
      {
        spec: object('Which shards.', { selector: shardSelector('Labels of the shards; without it, all.') }),
      },
      { required: ['spec'] },
    ),
}

/** PartitionSet (contract 4.10). */
export const partitionSets: SchemaSource = {
  group: TOPOLOGY,
  ...{ plural: 'partitionsets', singular: 'partitionset', kind: 'PartitionSet', status: true },
  columns: [
    { name: 'Count', type: 'string', jsonPath: '.status.count', description: 'How many partitions there are' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: () =>
    kind(
      'PartitionSet makes Partitions of shards with the same values of some labels.',
      {
        spec: object('How the shards are divided.', {
          dimensions: texts('Labels that shards of one partition have in common.'),
          shardSelector: shardSelector('Labels of the shards that count; without it, all.'),
        }),
        status: object('What is known of the partitions.', {
          count: { type: 'integer', description: 'How many there are.' },
          conditions,
        }),
      },
      { required: ['spec'] },
    ),
}

/** Shard (contract 4.9). */
export const shards: SchemaSource = {
  group: CORE,
  ...{ plural: 'shards', singular: 'shard', kind: 'Shard', status: true },
  columns: [
    { name: 'Region', type: 'string', jsonPath: ".metadata.labels['region']", description: 'Where the shard is' },
    { name: 'URL', type: 'string', jsonPath: '.spec.baseURL', description: 'Where the shard is served' },
    { name: 'External URL', type: 'string', jsonPath: '.spec.externalURL', description: 'Base of URLs of workspaces' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: () => {
    const url = (description: string) => text(description, { format: 'uri', minLength: 1 })
    return kind('Shard is a server that holds logical clusters.', {
      spec: object(
        'Where the shard is served.',
        {
          baseURL: url('Address of the shard itself.'),
          externalURL: url('Address that users are given; that of the front proxy where there is one.'),
          virtualWorkspaceURL: url('Base address of its virtual workspaces.'),
        },
        ['baseURL'],
      ),
      status: object('What is known of the shard.', { conditions }),
    })
  },
}
