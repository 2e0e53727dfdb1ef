import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { conditions, kind, labelSelector, object, steps, text } from '../../clusters/schema-parts.ts'
import { TENANCY } from '../../names.ts'
import type { SchemaSource } from './source.ts'

const NAME = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'
const TYPE_NAME = '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?'
const PATH = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'

/** A reference to a WorkspaceType. */
export function typeReference(description: string, more: OpenApiSchema = {}): OpenApiSchema {
  const name = text('Name of the WorkspaceType.', { pattern: TYPE_NAME })
  const path = text('Path of the workspace that the WorkspaceType is in.', { pattern: PATH })
  return object(description, { name, path }, ['name'], more)
}

/** metadata.name as one segment of a path. */
export function segmentName(more: OpenApiSchema = {}): OpenApiSchema {
  return { properties: { name: { type: 'string', minLength: 1, maxLength: 63, pattern: NAME, ...more } } }
}

/** A path of a workspace. */
export function pathText(description: string): OpenApiSchema {
  return text(description, { pattern: PATH })
}

/** Workspace (contract 4.1). */
export const workspaces: SchemaSource = {
  group: TENANCY,
  ...{ plural: 'workspaces', singular: 'workspace', kind: 'Workspace', shortNames: ['ws'], status: true },
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type.name', description: 'Type of the workspace' },
    { name: 'Region', type: 'string', jsonPath: ".metadata.labels['region']", description: 'Where the workspace is' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far the workspace is' },
    { name: 'URL', type: 'string', jsonPath: '.spec.URL', description: 'Where the workspace is served' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: () =>
    kind(
      'Workspace is a logical cluster of its own, below the one that the object is in.',
      { spec: spec(), status: status() },
      { required: ['spec'], metadata: segmentName() },
    ),
}

function spec(): OpenApiSchema {
  const cluster = text('Name of the logical cluster. Set by the system.', {
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'cluster is immutable' }],
  })
  const type = typeReference('What the workspace has and does from the start. Immutable.', {
    'x-kubernetes-validations': [
      { rule: 'self.name == oldSelf.name', message: 'name is immutable' },
      { rule: 'has(oldSelf.path) == has(self.path)', message: 'path is immutable' },
      { rule: '!has(oldSelf.path) || !has(self.path) || self.path == oldSelf.path', message: 'path is immutable' },
    ],
  })
  return object(
    'What the workspace is meant to be.',
    {
      type,
      cluster,
      URL: text('Where the workspace is served. Set by the system.'),
      location: object('Where the workspace may be.', { selector: labelSelector('Which shards it may be on.') }),
      mount: mount(),
    },
    [],
    {
      default: {},
      'x-kubernetes-validations': [
        { rule: '!has(oldSelf.URL) || has(self.URL)', message: 'URL cannot be unset' },
        { rule: '!has(oldSelf.cluster) || has(self.cluster)', message: 'cluster cannot be unset' },
      ],
    },
  )
}

function mount(): OpenApiSchema {
  const ref = object(
    'The object that says where the workspace is served.',
    {
      apiVersion: text('Group and version of the object.'),
      kind: text('Kind of the object.'),
      name: text('Name of the object.'),
      namespace: text('Namespace of the object.'),
    },
    ['apiVersion', 'kind', 'name'],
  )
  return object('Serves something else as the workspace, which has no logical cluster then.', { ref }, ['ref'], {
    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'mount is immutable' }],
  })
}

function status(): OpenApiSchema {
  const phase = text('How far the workspace is.', {
    default: 'Scheduling',
    enum: ['Scheduling', 'Initializing', 'Ready', 'Inactive', 'Unavailable', 'Terminating', 'Deleting'],
  })
  return object(
    'What is known of the workspace.',
    {
      phase,
      conditions,
      initializers: steps('What is still to be done before the workspace is ready.'),
      terminators: steps('What is still to be done before its content is deleted.'),
    },
    [],
    { default: {} },
  )
}
