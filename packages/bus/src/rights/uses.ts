import type { Part } from '../layout.ts'

/** What one service has to do with the bus. What is not named here, its user on the NATS server may not do. */
export type Uses = {
  /** Parts of the stream that it publishes. */
  publishes: readonly Part[]
  /** Whether it has a durable consumer for each partition. */
  consumes: boolean
  /** Whether it keeps what the registry says of offers, or only watches it. */
  offers?: 'writes' | 'watches'
  /** Whether it keeps where kcp's virtual workspaces are: who opens the clusters does. */
  endpoints?: true
}

/** By service. Every service makes the streams and its buckets where they are absent, and each reads the stream. */
export const busUses = {
  'workspace-watcher': {
    publishes: [
      ...(['source', 'source-related', 'copy', 'copy-related'] as const),
      ...(['assignment', 'migration', 'staged', 'configuration', 'policy'] as const),
      ...(['acceptapi', 'served'] as const),
    ],
    consumes: false,
    endpoints: true,
  },
  'acceptapi-registry': { publishes: [], consumes: true, offers: 'writes', endpoints: true },
  'placement-scheduler': {
    publishes: ['assignment', 'decision', 'offers'],
    consumes: true,
    offers: 'watches',
    endpoints: true,
  },
  'provider-syncer': { publishes: ['assignment', 'decision'], consumes: true, endpoints: true },
  'migration-coordinator': { publishes: [], consumes: true, endpoints: true },
  'workspace-provisioner': { publishes: [], consumes: true, endpoints: true },
} as const satisfies Record<string, Uses>

export type BusService = keyof typeof busUses

export const busServices = Object.keys(busUses) as BusService[]

/** All services in one process. */
export const ALL_IN_ONE = 'broker'

/** Who connects to NATS: a service, or all of them in one process. */
export type BusUser = BusService | typeof ALL_IN_ONE

export const busUsers: readonly BusUser[] = [...busServices, ALL_IN_ONE]
