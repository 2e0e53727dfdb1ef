import { once } from 'node:events'
import { Provider } from '@resource-broker/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { quietLogger } from '../../test/quiet-logger.ts'
import type { PresenceEvent } from './presence.ts'
import { ProviderRecords } from './provider-records.ts'

let platform: FakeCluster
let stopping: AbortController
let records: ProviderRecords
let events: PresenceEvent[]

beforeEach(async () => {
  platform = await FakeCluster.start('platform')
  stopping = new AbortController()
  records = new ProviderRecords()
  events = []
  records.on('event', (event) => events.push(event))
})

afterEach(() => {
  stopping.abort()
  platform.stop()
})

const follow = () => records.follow(platform.client(), quietLogger, stopping.signal)

const { apiVersion, kind } = Provider
const record = (providerCluster: string, spec: object = {}, status?: object) => ({
  ...{ apiVersion, kind, metadata: { name: `p-${providerCluster}`, uid: `uid-${providerCluster}` } },
  ...{ spec: { providerCluster, ...spec }, ...(status === undefined ? {} : { status }) },
})
const reachable = (status: string) => ({
  ...{ type: 'Reachable', status, reason: 'R', message: '' },
  lastTransitionTime: '2026-01-01T00:00:00Z',
})

test('what the platform has on its providers is known once they are followed, by the name that Assignments use', async () => {
  platform.items = [
    record('alpha', {}, { clusterUID: '1', conditions: [reachable('True')] }),
    record('beta', { lost: true }, { conditions: [reachable('False')] }),
  ]
  await follow()
  expect(records.obstacle).toBeUndefined()
  expect(records.get('alpha')?.status?.clusterUID).toBe('1')
  const awaySince = new Date('2026-01-01T00:00:00Z')
  expect(events).toEqual([
    { type: 'recorded', name: 'alpha', uid: '1', lost: false, awaySince: undefined },
    { type: 'recorded', name: 'beta', uid: undefined, lost: true, awaySince },
  ])
})

test('what changes is told, and so is a record that goes', async () => {
  await follow()
  const told = once(records, 'event')
  platform.tell('ADDED', record('alpha', {}, { clusterUID: '1' }))
  await told
  const lost = once(records, 'event')
  platform.tell('MODIFIED', record('alpha', { lost: true }, { clusterUID: '1' }))
  await lost
  const forgotten = once(records, 'event')
  platform.tell('DELETED', record('alpha'))
  await forgotten
  expect(events.map(({ type, name }) => `${type} ${name}`)).toEqual([
    ...['recorded alpha', 'recorded alpha', 'forgotten alpha'],
  ])
  expect(events[1]).toMatchObject({ lost: true })
  expect(records.get('alpha')).toBeUndefined()
})

test('a record that cannot be read hides no other', async () => {
  platform.items = [{ ...record('broken'), spec: { providerCluster: 7 } }, record('alpha')]
  await follow()
  expect(events).toMatchObject([{ type: 'recorded', name: 'alpha' }])
})

test('a platform without the kind is an obstacle that says what to do, and ends when it is there', async () => {
  platform.items = undefined
  await follow()
  expect(records.obstacle).toBe('the platform does not serve Providers: apply the CRDs of this version')
  platform.items = [record('alpha')]
  await once(records, 'event')
  expect(records.get('alpha')).toBeDefined()
})
