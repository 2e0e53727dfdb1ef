import { expect, test } from 'vitest'
import { KcpSide } from './both-kcps.ts'

const APIS = '/apis/apis.kcp.io'
const HOME = '/clusters/$home'
const WORKSPACES = `${HOME}/apis/tenancy.kcp.io/v1alpha1/workspaces`
const SLICES = `${HOME}${APIS}/v1alpha1/apiexportendpointslices`
const VIRTUAL = '/services/apiexport/$home'
const BINDINGS = `${APIS}/v1alpha2/apibindings`
const THINGS = '/apis/example.test/v1/namespaces/default/things'
/** What the broker reads of a binding. */
const READ = ['Ready', 'InitialBindingCompleted', 'APIExportValid', 'PermissionClaimsApplied']

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it knows to be there
type Json = any

const object = (apiVersion: string, kind: string, name: string, spec: object) => ({
  ...{ apiVersion, kind, spec },
  metadata: { name },
})
const binding = (name: string, of: string, claims: object[] = []) =>
  object('apis.kcp.io/v1alpha2', 'APIBinding', name, {
    reference: { export: { path: 'root:home', name: of } },
    permissionClaims: claims,
  })

/** What the platform and a provider have in their workspace. */
const FURNITURE: [path: string, body: object][] = [
  [
    `${APIS}/v1alpha1/apiresourceschemas`,
    object('apis.kcp.io/v1alpha1', 'APIResourceSchema', 'v1.things.example.test', {
      ...{ group: 'example.test', scope: 'Namespaced' },
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
          schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      ],
    }),
  ],
  [
    `${APIS}/v1alpha2/apiexports`,
    object('apis.kcp.io/v1alpha2', 'APIExport', 'things', {
      resources: [{ name: 'things', group: 'example.test', schema: 'v1.things.example.test', storage: { crd: {} } }],
    }),
  ],
  [
    `${APIS}/v1alpha2/apiexports`,
    object('apis.kcp.io/v1alpha2', 'APIExport', 'claims', {
      permissionClaims: [{ group: 'apis.kcp.io', resource: 'apibindings', verbs: ['*'] }],
    }),
  ],
  [
    '/apis/tenancy.kcp.io/v1alpha1/workspacetypes',
    object('tenancy.kcp.io/v1alpha1', 'WorkspaceType', 'staging', {
      extend: { with: [{ name: 'universal', path: 'root' }] },
      defaultAPIBindings: [{ path: 'root:home', export: 'claims' }],
    }),
  ],
]

/** The bindings of an export's virtual workspace, as the broker reads them. */
async function bindings(side: KcpSide, of: string, count: number): Promise<object[]> {
  const isBound = ({ status = {} }: Json) =>
    READ.every((type) => status.conditions?.some((each: Json) => each.type === type && each.status === 'True'))
  const { items } = await side.see(`${VIRTUAL}/${of}/clusters/*${BINDINGS}`, ({ body }) => {
    const own = (body.items ?? []).filter(isOwn)
    return own.length === count && own.every(isBound)
  })
  return items
    .filter(isOwn)
    .map(formOf)
    .sort((a: Json, b: Json) => (a.of < b.of ? -1 : 1))
}

/** A sandbox binds what its universal type says besides. */
const isOwn = ({ spec }: Json) => spec.reference.export.path === 'root:home'

function formOf({ metadata, spec, status }: Json): object {
  return {
    of: spec.reference.export.name,
    cluster: metadata.annotations['kcp.io/cluster'],
    path: metadata.annotations['kcp.io/path'],
    ...{ phase: status.phase, home: status.apiExportClusterName },
    bound:
      status.boundResources?.map(({ group, resource, schema }: Json) => ({ group, resource, of: schema.name })) ?? [],
    claims: status.exportPermissionClaims?.map(({ resource }: Json) => resource) ?? [],
  }
}

const endpoints = async (side: KcpSide, count: number) => {
  const { status } = await side.see(`${SLICES}/claims`, ({ body }) => (body.status?.endpoints ?? []).length === count)
  return (status?.endpoints ?? []).map(({ url }: Json) => new URL(url).pathname)
}

/** What is done at each kcp, one after the other, and what is compared. */
const STEPS: [what: string, act: (side: KcpSide) => Promise<unknown>][] = [
  [
    'what is there first',
    async (side) => {
      for (const [path, body] of FURNITURE) expect((await side.send('POST', `${HOME}${path}`, body)).status).toBe(201)
      for (const name of ['things', 'claims'])
        await side.see(`${HOME}${APIS}/v1alpha2/apiexports/${name}`, ({ body }) => body.status?.identityHash)
      const slice = object('apis.kcp.io/v1alpha1', 'APIExportEndpointSlice', 'claims', {
        export: { path: 'root:home', name: 'claims' },
      })
      await side.send('POST', SLICES, slice) // a kcp has made one of the name by itself
      return await endpoints(side, 0)
    },
  ],
  [
    'a workspace becomes Ready',
    async (side) => {
      const type = { name: 'staging', path: 'root:home' }
      const made = object('tenancy.kcp.io/v1alpha1', 'Workspace', 'work', { type })
      const { status } = await side.send('POST', WORKSPACES, made)
      const { spec } = await side.see(`${WORKSPACES}/work`, ({ body }) => body.status?.phase === 'Ready')
      side.names['$work'] = spec.cluster
      return { status, path: new URL(spec.URL).pathname }
    },
  ],
  ['it is bound as its type says', (side) => bindings(side, 'claims', 1)],
  ['the export has an endpoint now', (side) => endpoints(side, 1)],
  [
    'another binding is made through what claims bindings, and shows there',
    async (side) => {
      const at = `${VIRTUAL}/claims/clusters/$work${BINDINGS}`
      const { status } = await side.send('POST', at, binding('provider', 'things'))
      return { status, all: await bindings(side, 'claims', 2), own: await bindings(side, 'things', 1) }
    },
  ],
  [
    'an object is made and seen through the export that is bound',
    async (side) => {
      const thing = { apiVersion: 'example.test/v1', kind: 'Thing', metadata: { name: 'a', namespace: 'default' } }
      const { status } = await side.send('POST', `${VIRTUAL}/things/clusters/$work${THINGS}`, thing)
      const all = `${VIRTUAL}/things/clusters/*/apis/example.test/v1/things`
      const { items } = await side.see(all, ({ body }) => body.items?.length === 1)
      return {
        status,
        items: items.map(({ metadata }: Json) => [metadata.name, metadata.annotations['kcp.io/cluster']]),
      }
    },
  ],
  [
    'what is not there is refused',
    async (side) => {
      const inWork = `${VIRTUAL}/claims/clusters/$work${BINDINGS}`
      const answers = [
        await side.send('POST', inWork, binding('nothing', 'nothing')),
        await side.send('POST', inWork, binding('provider', 'things')),
        await side.send('POST', `${VIRTUAL}/claims/clusters/*${BINDINGS}`, binding('anywhere', 'things')),
        await side.send('GET', `${inWork}/nothing`),
      ]
      return answers.map(({ status }) => status)
    },
  ],
  [
    'a workspace that is deleted goes with its bindings',
    async (side) => {
      await side.send('DELETE', `${WORKSPACES}/work`)
      await side.see(`${WORKSPACES}/work`, ({ status }) => status === 404)
      return { bindings: await bindings(side, 'claims', 0), endpoints: await endpoints(side, 0) }
    },
  ],
]

test('what the broker relies on of a kcp is so in the model as it is in the sandbox', async ({ onTestFinished }) => {
  const sides = [KcpSide.model(), await KcpSide.sandbox()] as const
  onTestFinished(async () => {
    for (const side of sides) await side.stop()
  })
  for (const [what, act] of STEPS) {
    const [model, sandbox] = [sides[0].masked(await act(sides[0])), sides[1].masked(await act(sides[1]))]
    expect({ what, is: model }).toEqual({ what, is: sandbox })
  }
})
