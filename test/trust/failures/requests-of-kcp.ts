import type { At } from './asked.ts'
import { isServed, type RequestKind } from './request-kind.ts'
import { type FailureWorld, NAME } from './world.ts'

type Request = Pick<RequestKind, 'at' | 'method' | 'resource' | 'subresource'>
type Kind = Omit<RequestKind, keyof Request>

const asks = (at: At, method: string, resource: string, kind: Kind): RequestKind => {
  const [name = '', subresource] = resource.split('/')
  return { inKcp: true, at, method, resource: name, ...(subresource && { subresource }), ...kind }
}
const GROUPS: Record<string, string> = {
  workspaces: 'tenancy.kcp.io',
  stagingworkspaces: 'coord.broker.platform-mesh.io',
}
const follows = (name: string, at: At, resource: string): RequestKind =>
  asks(at, 'WATCH', resource, {
    ...{ name, about: 'records' },
    trigger: (world) => world.breakOff(`${resource}.${GROUPS[resource] ?? 'apis.kcp.io'}`),
  })

/** An offer of an export that was never bound. */
const offersMore = (world: FailureWorld) => world.offer('alpha', NAME, { apiExportName: 'more' })

async function isOfferedMore(world: FailureWorld): Promise<void> {
  offersMore(world)
  await world.until(() => world.isReady('alpha', NAME))
}

export const REQUESTS_OF_KCP: RequestKind[] = [
  follows('watching where the exports’ consumers are', 'platform', 'apiexportendpointslices'),
  follows('watching who is bound to a brokered API', 'consumer', 'apibindings'),
  follows('watching who is bound to AcceptAPI', 'provider', 'apibindings'),
  follows('watching the bindings of the broker’s workspaces', 'workspaces of the broker', 'apibindings'),
  follows('watching what is exported', 'platform', 'apiexports'),
  asks('platform', 'GET', 'apiresourceschemas', {
    ...{ name: 'reading the schema of what is exported', about: 'records' },
    trigger: (world) => world.kcp.exportMore('exports', 'things.example.test', 'others'),
  }),
  follows('watching the broker’s workspaces', 'platform', 'workspaces'),
  follows('watching StagingWorkspaces', 'platform', 'stagingworkspaces'),
  asks('platform', 'POST', 'workspaces', {
    ...{ name: 'making a workspace for a trial', about: 'offer' },
    trigger: offersMore,
  }),
  asks('workspaces of the broker', 'POST', 'apibindings', {
    ...{ name: 'binding an export for a trial', about: 'offer' },
    trigger: offersMore,
  }),
  asks('platform', 'PATCH', 'apiexports', {
    ...{ name: 'claiming what an export serves', about: 'offer' },
    trigger: offersMore,
  }),
  asks('provider', 'DISCOVER', '', {
    ...{ name: 'asking what an export serves', about: 'offer' },
    trigger: offersMore,
  }),
  asks('platform', 'PATCH', 'stagingworkspaces', {
    name: 'recording a staging workspace',
    trigger: (world) => world.make(),
  }),
  asks('platform', 'POST', 'workspaces', {
    name: 'making a staging workspace',
    trigger: (world) => world.make(),
  }),
  asks('workspaces of the broker', 'POST', 'apibindings', {
    name: 'binding a staging workspace',
    trigger: (world) => world.make(),
  }),
  asks('platform', 'PATCH', 'stagingworkspaces/status', {
    name: 'recording how a staging workspace is',
    trigger: (world) => world.make(),
  }),
  asks('workspaces of the broker', 'PATCH', 'apibindings', {
    ...{ name: 'accepting what is claimed by now' },
    prepare: isServed,
    trigger: (world) => world.kcp.exportMore('alpha', 'things', 'others'),
  }),
  asks('platform', 'GET', 'workspaces', {
    ...{ name: 'reading a workspace before it is removed', about: 'records' },
    isWell: '404 NotFound', // it is gone already
    prepare: isServed,
    trigger: (world) => world.remove(),
  }),
  asks('workspaces of the broker', 'GET', 'apibindings', {
    ...{ name: 'asking whether a workspace is bound before it is removed', about: 'records' },
    isWell: '404 NotFound', // it is gone already
    prepare: isServed,
    trigger: (world) => world.remove(),
  }),
  asks('workspaces of the broker', 'DELETE', 'apibindings', {
    ...{ name: 'taking the way to the copies away', about: 'records' },
    prepare: isServed,
    trigger: (world) => world.remove(),
  }),
  asks('platform', 'DELETE', 'workspaces', {
    ...{ name: 'removing a staging workspace', about: 'records' },
    prepare: isServed,
    trigger: (world) => world.remove(),
  }),
  asks('platform', 'DELETE', 'stagingworkspaces', {
    ...{ name: 'removing the record of a staging workspace', about: 'records' },
    prepare: isServed,
    trigger: (world) => world.remove(),
  }),
  asks('platform', 'GET', 'apiexports', {
    ...{ name: 'reading the claim on what an export serves before it is removed', about: 'records' },
    isWell: '404 NotFound', // it is gone already
    prepare: isOfferedMore,
    trigger: (world) => world.withdraw('alpha', NAME),
  }),
  asks('platform', 'DELETE', 'apiexports', {
    ...{ name: 'removing the claim on what an export serves', about: 'records' },
    prepare: isOfferedMore,
    trigger: (world) => world.withdraw('alpha', NAME),
  }),
]
