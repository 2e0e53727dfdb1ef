import {
  ConsumerQuota,
  Migration,
  MigrationConfiguration,
  OfferUsage,
  PlacementPolicy,
  QuotaUsage,
} from '@resource-broker/api'
import type { Injected } from '../../support/injections.ts'
import { isServed, type RequestKind } from './request-kind.ts'
import { REQUESTS_OF_KCP } from './requests-of-kcp.ts'
import { REQUESTS_OF_STAGES } from './requests-of-stages.ts'
import { COPY, type FailureWorld, NAME } from './world.ts'

const hasSecret = async (world: FailureWorld) => {
  await isServed(world, { secret: true })
  await world.until(() => world.secret() !== undefined)
}
const isMoved = async (world: FailureWorld) => {
  await isServed(world)
  world.change({ size: 'large' })
  await world.until(() => world.all('alpha', 'things.example.test').length === 0)
}
const grows = (world: FailureWorld) => world.change({ size: 'large' })
const isOtherwise = (world: FailureWorld) => world.change({ value: 2 })
const removes = (world: FailureWorld) => world.remove()
const notFound = (what: string): Injected => ({ status: 404, reason: 'NotFound', message: `${what} not found` })

/** Someone else's object is in the place of the copy. */
const isTaken = (world: FailureWorld) =>
  world.create(
    'alpha',
    { resource: 'things.example.test', namespace: 'default', name: COPY },
    'example.test/v1',
    'Thing',
    {
      spec: {},
    },
  )
/** A configuration counts for moves of the kind from now on; one that is paused holds them. */
const configure = (world: FailureWorld, { paused = true, when }: { paused?: boolean; when?: string } = {}) => {
  const { apiVersion, kind, resource } = MigrationConfiguration
  const gvk = { group: 'example.test', version: 'v1', kind: 'Thing' }
  const spec = { from: gvk, to: gvk, stages: [{ name: 'copy' }], paused, ...(when && { when }) }
  const place = { resource: `${resource.resource}.${resource.group}`, name: 'with-stages' }
  world.create('platform', place, apiVersion, kind, { spec })
}
/** A policy that lets every object go where it would anyhow. */
const legislate = (world: FailureWorld) => {
  const { apiVersion, kind, resource } = PlacementPolicy
  const place = { resource: `${resource.resource}.${resource.group}`, name: 'anywhere' }
  world.create('platform', place, apiVersion, kind, { spec: { selector: {} } })
}
/** A quota of ten objects for each consumer, which is told how it stands. */
const limit = (world: FailureWorld) => {
  const { apiVersion, kind } = ConsumerQuota
  world.create('platform', { resource: QUOTAS, name: 'ten' }, apiVersion, kind, { spec: { objects: 10 } })
}
const isLimited = async (world: FailureWorld) => {
  limit(world)
  await world.until(() => world.records(QUOTAS).some(({ status }) => status !== undefined))
}
const hasPlaces = async (world: FailureWorld) => {
  await isLimited(world)
  world.make({}, 'another')
  await world.until(() => world.records(QUOTA_USAGES).length > 0)
}
const isHeld = async (world: FailureWorld) => {
  configure(world)
  await isServed(world)
}

/** Of the consumer's API server. */
const AT_CONSUMER: RequestKind[] = [
  {
    name: 'putting the finalizer on',
    at: 'consumer',
    method: 'PATCH',
    resource: 'things',
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'writing the status', at: 'consumer', method: 'PATCH', resource: 'things', subresource: 'status' },
    prepare: isServed,
    trigger: isOtherwise,
  },
  {
    ...{ name: 'telling why an object is not placed', at: 'consumer', method: 'PATCH', resource: 'things' },
    subresource: 'status',
    trigger: (world) => world.make({ size: 'unheard of' }),
  },
  {
    ...{ name: 'recording an Event', at: 'consumer', method: 'POST', resource: 'events' },
    trigger: (world) => world.make({ size: 'unheard of' }),
  },
  {
    ...{ name: 'creating the Secret', at: 'consumer', method: 'POST', resource: 'secrets' },
    trigger: (world) => world.make({ secret: true }),
  },
  {
    ...{ name: 'reading the consumer’s Secret', at: 'consumer', method: 'GET', resource: 'secrets' },
    prepare: hasSecret,
    trigger: isOtherwise,
  },
  {
    ...{ name: 'changing the Secret', at: 'consumer', method: 'PUT', resource: 'secrets' },
    prepare: hasSecret,
    trigger: isOtherwise,
  },
  {
    ...{ name: 'taking the Secret away', at: 'consumer', method: 'DELETE', resource: 'secrets' },
    prepare: hasSecret,
    trigger: (world) => world.dropSecret(),
  },
  {
    ...{ name: 'taking the finalizer off', at: 'consumer', method: 'PATCH', resource: 'things' },
    prepare: isServed,
    trigger: removes,
  },
  {
    ...{ name: 'asking whether the object is gone', at: 'consumer', method: 'GET', resource: 'things' },
    prepare: isServed,
    trigger: (world) => world.wrest(),
  },
]

/** Of a provider's API server, for an object. */
const AT_PROVIDER: RequestKind[] = [
  { name: 'creating the copy', at: 'provider', method: 'PATCH', resource: 'things', trigger: (world) => world.make() },
  {
    ...{ name: 'reading what is in the place of the copy', at: 'provider', method: 'GET', resource: 'things' },
    prepare: isTaken,
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'changing the copy', at: 'provider', method: 'PATCH', resource: 'things' },
    prepare: isServed,
    trigger: isOtherwise,
  },
  {
    ...{ name: 'reading the provider’s Secret', at: 'provider', method: 'GET', resource: 'secrets' },
    trigger: (world) => world.make({ secret: true }),
  },
  {
    ...{ name: 'creating the namespace at the provider', at: 'provider', method: 'POST', resource: 'namespaces' },
    trigger: (world) => world.make(),
    besides: ({ at, method, resource }, world) => {
      const isThere = world.find('alpha', { resource: 'namespaces', name: 'default' }) !== undefined
      return at === 'provider' && method === 'PATCH' && resource === 'things' && !isThere
        ? notFound('namespaces "default"')
        : undefined
    },
  },
  {
    ...{ name: 'deleting the copy', at: 'provider', method: 'DELETE', resource: 'things' },
    prepare: isServed,
    trigger: removes,
  },
  {
    ...{ name: 'asking whether the copy is gone', at: 'provider', method: 'GET', resource: 'things' },
    prepare: isServed,
    trigger: removes,
  },
]

/** Of the platform, for an object. */
const AT_PLATFORM: RequestKind[] = [
  {
    name: 'creating the Assignment',
    at: 'platform',
    method: 'POST',
    resource: 'assignments',
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'reading the places of an offer', at: 'platform', method: 'GET', resource: 'offerusages', capacity: 3 },
    prepare: async (world) => {
      world.make({}, 'another')
      await world.until(() => world.records(USAGES).length > 0)
    },
    trigger: (world) => world.make(),
  },
  {
    ...{
      name: 'taking the first place of an offer',
      at: 'platform',
      method: 'POST',
      resource: 'offerusages',
      capacity: 3,
    },
    trigger: (world) => world.make(),
  },
  {
    ...{
      name: 'giving a place of an offer back',
      at: 'platform',
      method: 'PATCH',
      resource: 'offerusages',
      capacity: 3,
    },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'reading a quota', at: 'platform', method: 'GET', resource: 'consumerquotas' },
    isWell: '404 NotFound',
    prepare: isLimited,
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'reading the places under a quota', at: 'platform', method: 'GET', resource: 'quotausages' },
    prepare: hasPlaces,
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'taking the first place under a quota', at: 'platform', method: 'POST', resource: 'quotausages' },
    prepare: isLimited,
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'taking a place under a quota', at: 'platform', method: 'PATCH', resource: 'quotausages' },
    prepare: hasPlaces,
    trigger: (world) => world.make(),
  },
  {
    ...{ name: 'asking for a move', at: 'platform', method: 'POST', resource: 'migrations' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'recording a move in the Assignment', at: 'platform', method: 'PATCH', resource: 'assignments' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{
      name: 'recording how far a move is',
      at: 'platform',
      method: 'PATCH',
      resource: 'migrations',
      subresource: 'status',
    },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'recording an Event of a move', at: 'platform', method: 'POST', resource: 'events', about: 'records' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'reading a move before a step', at: 'platform', method: 'GET', resource: 'migrations' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'reading the Assignment before a step', at: 'platform', method: 'GET', resource: 'assignments' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{ name: 'reading what holds a move', at: 'platform', method: 'WATCH', resource: 'migrationconfigurations' },
    prepare: isServed,
    trigger: grows,
  },
  {
    ...{
      name: 'reading a Provider that a configuration asks for',
      at: 'platform',
      method: 'GET',
      resource: 'providers',
    },
    isWell: '404 NotFound', // a provider of which nothing is said
    prepare: async (world) => {
      configure(world, { when: 'has(fromProvider.metadata.uid)' })
      await isServed(world)
    },
    trigger: grows,
  },
  {
    ...{ name: 'reading which moves run', at: 'platform', method: 'WATCH', resource: 'migrationusages' },
    prepare: isHeld,
    trigger: (world) => world.change({ size: 'large' }),
  },
  {
    ...{ name: 'telling a MigrationConfiguration how it stands', at: 'platform', method: 'PATCH' },
    ...{ resource: 'migrationconfigurations', subresource: 'status', about: 'records' },
    prepare: isServed,
    trigger: (world) => configure(world),
  },
  {
    ...{ name: 'asking whether a MigrationConfiguration is still there', at: 'platform', method: 'GET' },
    resource: 'migrationconfigurations',
    about: 'records',
    prepare: isServed,
    trigger: (world) => configure(world),
    besides: ({ method, resource }) =>
      method === 'PATCH' && resource === 'migrationconfigurations' ? notFound('migrationconfigurations') : undefined,
  },
  {
    ...{ name: 'telling a PlacementPolicy how it stands', at: 'platform', method: 'PATCH' },
    ...{ resource: 'placementpolicies', subresource: 'status', about: 'records' },
    prepare: isServed,
    trigger: legislate,
  },
  {
    ...{ name: 'asking whether a PlacementPolicy is still there', at: 'platform', method: 'GET' },
    resource: 'placementpolicies',
    about: 'records',
    prepare: isServed,
    trigger: legislate,
    besides: ({ method, resource }) =>
      method === 'PATCH' && resource === 'placementpolicies' ? notFound('placementpolicies') : undefined,
  },
  {
    ...{ name: 'telling a ConsumerQuota how it stands', at: 'platform', method: 'PATCH' },
    ...{ resource: 'consumerquotas', subresource: 'status', about: 'records' },
    prepare: isServed,
    trigger: limit,
  },
  {
    ...{ name: 'removing the record of a quota that is gone', at: 'platform', method: 'DELETE' },
    ...{ resource: 'quotausages', about: 'records', isWell: '404 NotFound' },
    prepare: async (world) => {
      await isLimited(world)
      await isServed(world)
    },
    trigger: (world) => world.delete('platform', { resource: QUOTAS, name: 'ten' }),
  },
  {
    ...{ name: 'keeping what a move goes by', at: 'platform', method: 'PATCH', resource: 'migrations' },
    prepare: async (world) => {
      configure(world, { paused: false })
      await isServed(world)
    },
    trigger: (world) => world.change({ size: 'large' }),
  },
  {
    ...{ name: 'taking a move back', at: 'platform', method: 'PATCH', resource: 'migrations' },
    prepare: async (world) => {
      await isHeld(world)
      world.change({ size: 'large' })
      await world.until(() => world.records(MIGRATIONS).length > 0)
      await world.pass(1_000)
    },
    trigger: (world) => world.change({ size: 'small' }),
  },
  {
    ...{
      name: 'removing a move that ended',
      at: 'platform',
      method: 'DELETE',
      resource: 'migrations',
      about: 'records',
    },
    prepare: isMoved,
    trigger: (world) => world.pass(55_000),
  },
  {
    ...{ name: 'recording that the Assignment ends', at: 'platform', method: 'PATCH', resource: 'assignments' },
    prepare: isServed,
    trigger: removes,
  },
  {
    ...{ name: 'deleting the Assignment', at: 'platform', method: 'DELETE', resource: 'assignments' },
    prepare: isServed,
    trigger: removes,
  },
]
const MIGRATIONS = `${Migration.resource.resource}.${Migration.resource.group}`
const QUOTAS = `${ConsumerQuota.resource.resource}.${ConsumerQuota.resource.group}`
const QUOTA_USAGES = `${QuotaUsage.resource.resource}.${QuotaUsage.resource.group}`
const USAGES = `${OfferUsage.resource.resource}.${OfferUsage.resource.group}`

/** What is about offers and records, of which no consumer has to know. */
const ABOUT_OFFERS: RequestKind[] = [
  {
    ...{ name: 'telling a provider how its offer stands', at: 'provider', method: 'PATCH', resource: 'acceptapis' },
    ...{ subresource: 'status', about: 'offer' },
    trigger: (world) => world.offer('alpha', NAME),
  },
  {
    ...{ name: 'recording an Event on an offer', at: 'provider', method: 'POST', resource: 'events', about: 'offer' },
    trigger: (world) => world.offer('alpha', NAME, { filters: [{ key: 'size', pattern: '(' }] }),
  },
  {
    ...{ name: 'asking what a provider serves', at: 'provider', method: 'DISCOVER', resource: '', about: 'offer' },
    trigger: (world) => world.offer('alpha', NAME),
  },
  {
    ...{ name: 'asking whether an offer is still there', at: 'provider', method: 'GET', resource: 'acceptapis' },
    about: 'offer',
    trigger: (world) => world.offer('alpha', NAME),
    besides: ({ method, resource }) =>
      method === 'PATCH' && resource === 'acceptapis' ? notFound('acceptapis') : undefined,
  },
]

const providerAgain = (world: FailureWorld) => {
  for (const name of ['alpha', 'beta']) world.cut(name)
}
const ABOUT_RECORDS: RequestKind[] = [
  {
    ...{ name: 'making the Provider', at: 'platform', method: 'POST', resource: 'providers', about: 'records' },
    prepare: (world) => world.forget('alpha'),
    trigger: providerAgain,
  },
  {
    ...{
      name: 'telling how a provider is',
      at: 'platform',
      method: 'PATCH',
      resource: 'providers',
      subresource: 'status',
    },
    about: 'records',
    trigger: (world) => world.offer('alpha', NAME),
  },
]

const watching = (name: string, at: 'consumer' | 'provider' | 'platform', resource: string): RequestKind => ({
  ...{ name, at, method: 'WATCH', resource, about: 'records' },
  trigger: (world) => {
    for (const server of { consumer: ['acme'], provider: ['alpha'], platform: ['platform'] }[at]) world.cut(server)
  },
})
const discovering = (name: string, at: 'consumer' | 'provider'): RequestKind => ({
  ...{ name, at, method: 'DISCOVER', resource: '', about: 'records' },
  trigger: (world) => world.boot(),
})
const WATCHES: RequestKind[] = [
  discovering('asking what the consumer serves', 'consumer'),
  discovering('asking what is served where copies are', 'provider'),
  watching('watching objects', 'consumer', 'things'),
  watching('watching Secrets', 'consumer', 'secrets'),
  watching('watching ConfigMaps', 'consumer', 'configmaps'),
  watching('watching copies', 'provider', 'things'),
  watching('watching the copies’ Secrets', 'provider', 'secrets'),
  watching('watching the copies’ ConfigMaps', 'provider', 'configmaps'),
  watching('watching AcceptAPIs', 'provider', 'acceptapis'),
  watching('watching Assignments', 'platform', 'assignments'),
  watching('watching Migrations', 'platform', 'migrations'),
  watching('watching Providers', 'platform', 'providers'),
  watching('watching the places of offers', 'platform', 'offerusages'),
  watching('watching PlacementPolicies', 'platform', 'placementpolicies'),
  watching('watching ConsumerQuotas', 'platform', 'consumerquotas'),
  watching('watching the places under quotas', 'platform', 'quotausages'),
]

/** Every kind of request that a broker sends once it has begun, on plain clusters and in a kcp. */
export const REQUESTS: RequestKind[] = [
  ...AT_CONSUMER,
  ...AT_PROVIDER,
  ...AT_PLATFORM,
  ...ABOUT_OFFERS,
  ...ABOUT_RECORDS,
  ...WATCHES,
  ...REQUESTS_OF_STAGES,
  ...REQUESTS_OF_KCP,
]
