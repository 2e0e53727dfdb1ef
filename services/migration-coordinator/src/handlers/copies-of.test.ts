import { Assignment, Migration } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { ClusterNotConnectedError, type Presence } from '@resource-broker/service'
import { expect, test } from 'vitest'
import type { CoordinatorContext } from '../context.ts'
import { copiesOf } from './copies-of.ts'

const gvk = { group: 'test.platform-mesh.io', version: 'v1', kind: 'Thing' }
const end = (providerCluster: string) => ({ gvk, providerCluster, acceptAPIName: 'all' })
const migration = Migration.of({
  ...{ apiVersion: Migration.apiVersion, kind: Migration.kind, metadata: { name: 'm' } },
  spec: { assignment: 'a', from: end('alpha'), to: end('beta'), stages: [{ name: 'copy' }] },
} as never)
const gvr = { group: gvk.group, version: gvk.version, resource: 'things' }
const assignment = (status?: object) =>
  Assignment.of({
    ...{ apiVersion: Assignment.apiVersion, kind: Assignment.kind, metadata: { name: 'a', uid: 'uid' } },
    spec: { consumerCluster: 'acme', gvr, name: 'a', uid: 'u', providerCluster: 'alpha', acceptAPIName: 'all' },
    ...(status && { status }),
  } as never)
const copy = { apiVersion: 'test.platform-mesh.io/v1', kind: 'Thing', metadata: { name: 'a', uid: 'c' } }

const away = () => {
  throw new ClusterNotConnectedError('alpha is away')
}
const isAway: Presence = { state: 'away', since: new Date(0), reason: 'Unreachable', why: 'alpha is away' }
const stagingWhere = (presence: Presence, find: () => unknown) => ({
  destinations: { find },
  providers: { presence: () => presence },
})
const SERVED = { phase: 'Bound', servedFrom: 'alpha' }

test.each([
  {
    name: 'a copy that is seen',
    object: copy,
    staging: undefined,
    status: SERVED,
    from: { cluster: 'alpha', object: copy },
  },
  { name: 'one of a provider that is lost', object: copy, staging: stagingWhere({ state: 'lost' }, away), from: null },
  { name: 'one of a provider that is away', object: undefined, staging: stagingWhere(isAway, away), from: undefined },
  {
    name: 'none, as its provider says',
    object: undefined,
    staging: stagingWhere({ state: 'connected' }, () => undefined),
    from: null,
  },
  {
    name: 'one that was seen gone, where no provider can be asked',
    object: null,
    staging: undefined,
    status: SERVED,
    from: null,
  },
  {
    name: 'one that was not heard of, where no provider can be asked',
    object: undefined,
    staging: undefined,
    status: SERVED,
    from: undefined,
  },
])('the old copy: $name', async ({ object, staging, status, from }) => {
  const view = {
    get: (_part: string, provider: string) =>
      provider === 'alpha' && object !== undefined ? { cluster: 'alpha', object, ours: true } : undefined,
  }
  const context = { staging } as unknown as CoordinatorContext
  const copies = await copiesOf(context, migration, assignment(status), view as unknown as KeyView)
  expect(copies.from).toEqual(from)
})
