import type { Resource, ResourceVersion, Verb } from '../../kube/resource.ts'
import { compileSchema, type ObjectSchema, type OpenApiSchema } from '../../kube/schema/mod.ts'
import { CORE, LOGICAL_CLUSTER_NAME } from '../names.ts'
import type { ReplicatedCache, ReplicatedObject } from '../services.ts'
import { systemStorage } from '../storage.ts'
import { conditions, kind, object, steps, text, texts } from './schema-parts.ts'

const VERSION = 'v1alpha1'
const VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** `Resource.storage` of LogicalClusters. */
export const LOGICAL_CLUSTERS = systemStorage(CORE, 'logicalclusters')

/** LogicalCluster (contract 4.3): what a logical cluster says about itself, in itself. */
export const logicalClusters: Resource = {
  ...{ group: CORE, resource: 'logicalclusters', singular: 'logicalcluster' },
  ...{ kind: 'LogicalCluster', listKind: 'LogicalClusterList', shortNames: [], categories: ['kcp'] },
  ...{ namespaced: false, verbs: VERBS, storage: LOGICAL_CLUSTERS, storageVersion: VERSION, builtIn: false },
  versions: new Map([[VERSION, version()]]),
  strategy: { hasGeneration: true },
}

/** The LogicalCluster of a logical cluster on any shard; undefined where there is none. */
export function logicalClusterIn(cache: ReplicatedCache, cluster: string): ReplicatedObject | undefined {
  return cache.get('logicalclusters.core.kcp.io', cluster, LOGICAL_CLUSTER_NAME)
}

function version(): ResourceVersion {
  let compiled: ObjectSchema | undefined
  return {
    ...{ name: VERSION, served: true, status: true, selectableFields: [] },
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far the logical cluster is' },
      { name: 'URL', type: 'string', jsonPath: '.status.URL', description: 'Where the logical cluster is served' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    ],
    get schema() {
      compiled ??= compileSchema(schema(), { group: CORE, version: VERSION, kind: 'LogicalCluster' })
      return compiled
    },
  }
}

function schema(): OpenApiSchema {
  const name = { properties: { name: { type: 'string', pattern: `^${LOGICAL_CLUSTER_NAME}$` } } }
  return kind(
    'LogicalCluster describes the logical cluster that it is in.',
    {
      spec: object('What the logical cluster is meant to be.', {
        directlyDeletable: { type: 'boolean', description: 'Whether users may delete it other than by its owner.' },
        owner: owner(),
        createdBy: createdBy(),
        initializers: steps('What has to be done before the logical cluster is ready.'),
        terminators: steps('What has to be done before the content of the logical cluster is deleted.'),
      }),
      status: object('What is known of it.', {
        URL: text('Where the logical cluster is served.'),
        phase: text('How far the logical cluster is.', {
          default: 'Scheduling',
          enum: ['Scheduling', 'Initializing', 'Ready', 'Inactive', 'Unavailable', 'Terminating', 'Deleting'],
        }),
        conditions,
        initializers: steps('What is still to be done before the logical cluster is ready.'),
        terminators: steps('What is still to be done before its content is deleted.'),
      }),
    },
    { metadata: name },
  )
}

function owner(): OpenApiSchema {
  return object(
    'The object that the logical cluster goes away with.',
    {
      apiVersion: text('Group and version of the owner.'),
      resource: text('Plural of the type of the owner.'),
      name: text('Name of the owner.'),
      namespace: text('Namespace of the owner.'),
      cluster: text('Logical cluster of the owner.'),
      uid: text('UID of the owner.'),
    },
    ['apiVersion', 'resource', 'name', 'cluster', 'uid'],
  )
}

function createdBy(): OpenApiSchema {
  return object('Who asked for the logical cluster.', {
    username: text('Name of the user.'),
    uid: text('UID of the user.'),
    groups: texts('Groups of the user.', { 'x-kubernetes-list-type': 'atomic' }),
    extra: {
      type: 'object',
      description: 'What the authenticator knew besides.',
      additionalProperties: { type: 'array', items: { type: 'string' } },
    },
  })
}
