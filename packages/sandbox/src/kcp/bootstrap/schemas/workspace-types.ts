import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { conditions, kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { TENANCY } from '../../names.ts'
import type { SchemaSource } from './source.ts'
import { pathText, segmentName, typeReference } from './workspaces.ts'

const RESERVED_NAMES = ['system', 'any']

/** WorkspaceType (contract 4.2). */
export const workspaceTypes: SchemaSource = {
  group: TENANCY,
  ...{ plural: 'workspacetypes', singular: 'workspacetype', kind: 'WorkspaceType', status: true },
  schema: () =>
    kind(
      'WorkspaceType says what workspaces of that type have and do.',
      { spec: spec(), status: status() },
      { metadata: segmentName({ not: { enum: RESERVED_NAMES } }) },
    ),
}

/** WorkspaceAuthenticationConfiguration: kept, though tokens of other issuers are not taken. */
export const workspaceAuthenticationConfigurations: SchemaSource = {
  group: TENANCY,
  ...{ plural: 'workspaceauthenticationconfigurations', singular: 'workspaceauthenticationconfiguration' },
  ...{ kind: 'WorkspaceAuthenticationConfiguration', status: false },
  schema: () => {
    const issuer = object('Who signs the tokens.', { url: text('URL of the issuer.') }, ['url'], {
      'x-kubernetes-preserve-unknown-fields': true,
    })
    const claimMappings = object('What of a token makes the user.', {}, [], {
      'x-kubernetes-preserve-unknown-fields': true,
    })
    const jwt = object('Tokens of one issuer.', { issuer, claimMappings }, ['issuer', 'claimMappings'], {
      'x-kubernetes-preserve-unknown-fields': true,
    })
    const spec = object(
      'Which tokens are taken.',
      { jwt: { type: 'array', description: 'One per issuer.', items: jwt } },
      ['jwt'],
    )
    return kind(
      'WorkspaceAuthenticationConfiguration says whose tokens are taken in workspaces of a type.',
      { spec },
      { required: ['spec'] },
    )
  },
}

function spec(): OpenApiSchema {
  const references = (description: string): OpenApiSchema => ({
    type: 'array',
    description,
    items: typeReference('A WorkspaceType.'),
  })
  const limit = (description: string): OpenApiSchema =>
    object(
      description,
      {
        none: { type: 'boolean', description: 'No type at all.' },
        types: { ...references('These types, and those that extend them.'), minItems: 1 },
      },
      [],
      { oneOf: [{ required: ['none'] }, { required: ['types'] }] },
    )
  return object('What workspaces of the type have and do.', {
    initializer: { type: 'boolean', description: 'Whether somebody has to initialize workspaces of the type.' },
    terminator: { type: 'boolean', description: 'Whether somebody has to clean up before a workspace is deleted.' },
    extend: object('Other types that this one is too.', { with: references('The types.') }),
    defaultChildWorkspaceType: typeReference('Type of workspaces that are created in such a workspace without one.'),
    limitAllowedChildren: limit('Which types may be created in such a workspace.'),
    limitAllowedParents: limit('In which types such a workspace may be created.'),
    defaultAPIBindings: defaultBindings(),
    defaultAPIBindingLifecycle: text('Whether the default bindings are made once, or again and again.', {
      enum: ['InitializeOnly', 'Maintain'],
    }),
    additionalWorkspaceLabels: {
      type: 'object',
      description: 'Labels that workspaces of the type get.',
      additionalProperties: { type: 'string' },
    },
    initializerPermissions: policyRules('What the initializer may do in a workspace.'),
    terminatorPermissions: policyRules('What the terminator may do in a workspace.'),
    authenticationConfigurations: {
      type: 'array',
      description: 'Whose tokens are taken besides.',
      items: object(
        'A WorkspaceAuthenticationConfiguration beside the type.',
        { name: text('Name of the WorkspaceAuthenticationConfiguration.') },
        ['name'],
      ),
    },
  })
}

function defaultBindings(): OpenApiSchema {
  return {
    type: 'array',
    description: 'Exports that workspaces of the type are bound to from the start.',
    items: object(
      'An APIExport.',
      { path: pathText('Path of its workspace.'), export: text('Name of the APIExport.') },
      ['export'],
    ),
  }
}

function policyRules(description: string): OpenApiSchema {
  const list = (of: string) => texts(of, { 'x-kubernetes-list-type': 'atomic' })
  return {
    type: 'array',
    description,
    items: object(
      'A rule as in a ClusterRole.',
      {
        verbs: list('Verbs, * for all.'),
        apiGroups: list('Groups of the resources, * for all.'),
        resources: list('Resources, * for all.'),
        resourceNames: list('Names that the rule is limited to.'),
        nonResourceURLs: list('Paths that are no resources.'),
      },
      ['verbs'],
    ),
  }
}

function status(): OpenApiSchema {
  const endpoint = object(
    'One virtual workspace.',
    {
      url: text('Where it is served.', { minLength: 1 }),
      type: text('What it is for.', { enum: ['initializing', 'terminating'] }),
    },
    ['url'],
  )
  return object('What is known of the type.', {
    conditions,
    virtualWorkspaces: { type: 'array', description: 'Where initializers and terminators work.', items: endpoint },
  })
}
