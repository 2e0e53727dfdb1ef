import {
  Assignment,
  annotations,
  ConsumerQuota,
  hasEnded,
  isPending,
  Migration,
  PlacementPolicy,
  Provider,
  QuotaUsage,
} from '@resource-broker/api'
import type { ApiServer } from '../server/api-server.ts'
import type { StoredObject } from '../server/objects.ts'
import { parseRequest } from '../server/request.ts'

export const CONSUMER = 'consumer'
export const COMPUTE = 'compute'
export const PROVIDERS = ['east', 'north', 'west'] as const
export const NAMESPACE = 'default'
/** Id of another broker. */
export const NEIGHBOUR = 'neighbour'

/** Resources as the model of a server names them. */
export const resources = {
  things: 'things.example.test',
  assignments: `${Assignment.resource.resource}.${Assignment.resource.group}`,
  migrations: `${Migration.resource.resource}.${Migration.resource.group}`,
  providers: `${Provider.resource.resource}.${Provider.resource.group}`,
  policies: `${PlacementPolicy.resource.resource}.${PlacementPolicy.resource.group}`,
  quotas: `${ConsumerQuota.resource.resource}.${ConsumerQuota.resource.group}`,
  quotaUsages: `${QuotaUsage.resource.resource}.${QuotaUsage.resource.group}`,
  offers: 'acceptapis.broker.platform-mesh.io',
  secrets: 'secrets',
  jobs: 'jobs.batch',
} as const

export type Servers = ReadonlyMap<string, ApiServer>

export const serverOf = (servers: Servers, name: string): ApiServer => servers.get(name) as ApiServer

/** uid of the consumer's object that a copy was made for. */
export const consumerUIDOf = ({ metadata }: StoredObject): string | undefined =>
  metadata.annotations?.[annotations.consumerUID]

/** Name of the consumer's object that something is about. */
export function aboutOf(resource: string, { metadata, spec }: StoredObject): string | undefined {
  if (resource === resources.assignments) return (spec as { name: string }).name
  if (resource !== resources.things && resource !== resources.migrations && resource !== resources.secrets)
    return undefined
  const named = metadata.annotations?.[annotations.consumerName]
  if (named !== undefined) return named
  return metadata.name.replace(/^[0-9a-f]{12}-/, '').replace(/-credentials$/, '')
}

/** Name of the consumer's object that a request to one object is about. */
export function aboutRequest(server: ApiServer, request: Parameters<typeof parseRequest>[0]): string | undefined {
  const { place } = parseRequest(request)
  const object = place.name === '' ? undefined : server.find(place)
  return object === undefined ? undefined : aboutOf(place.resource, object)
}

/** Whether another broker made it. */
export const isOfNeighbour = ({ metadata }: StoredObject): boolean =>
  metadata.annotations?.[annotations.brokerID] === NEIGHBOUR

/** The copies that providers have, of one object of the consumer or of all. */
export function copiesIn(servers: Servers, consumerUID?: string): { provider: string; copy: StoredObject }[] {
  return PROVIDERS.flatMap((provider) =>
    serverOf(servers, provider)
      .all(resources.things)
      .map(({ object: copy }) => ({ provider, copy })),
  ).filter(({ copy }) => !isOfNeighbour(copy) && (consumerUID === undefined || consumerUIDOf(copy) === consumerUID))
}

/** Those that can be read. */
export function assignmentsIn(servers: Servers): Assignment[] {
  return serverOf(servers, 'platform')
    .all(resources.assignments)
    .map(({ object }) => object as unknown as Assignment)
    .filter(({ spec }) => spec.uid !== undefined)
}

/** Migrations that have begun and not ended, and those whose copy is asked for though that is not recorded. */
export function runningMovesIn(servers: Servers): Migration[] {
  const arriving = new Set(
    assignmentsIn(servers).flatMap(({ metadata, spec }) =>
      (spec.copies ?? []).flatMap(({ role, providerCluster }) =>
        role === 'Incoming' ? [`${metadata.uid} ${providerCluster}`] : [],
      ),
    ),
  )
  const open = serverOf(servers, 'platform')
    .all(resources.migrations)
    .map(({ object }) => object as unknown as Migration)
    .filter((migration) => !hasEnded(migration))
  const isRecorded = (migration: Migration) => !isPending(migration)
  const recorded = new Set(open.filter(isRecorded).map(({ spec }) => spec.assignmentUID))
  // What arrives is the copy of the move that is recorded, where another one waits behind it; of none that is, of one of them.
  const isBegun = ({ spec }: Migration) =>
    !recorded.has(spec.assignmentUID) && arriving.delete(`${spec.assignmentUID} ${spec.to?.providerCluster}`)
  return open.filter((migration) => isRecorded(migration) || isBegun(migration))
}
