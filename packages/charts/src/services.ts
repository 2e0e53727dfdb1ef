import { acceptAPIRegistry } from '@resource-broker/acceptapi-registry'
import { migrationCoordinator } from '@resource-broker/migration-coordinator'
import { placementScheduler } from '@resource-broker/placement-scheduler'
import { providerSyncer } from '@resource-broker/provider-syncer'
import type { ServiceDefinition } from '@resource-broker/service'
import { workspaceProvisioner } from '@resource-broker/workspace-provisioner'
import { workspaceWatcher } from '@resource-broker/workspace-watcher'

/** A service that has a chart. `kcpOnly`: without kcp there is nothing for it to do. */
export type ChartedService = ServiceDefinition & { kcpOnly?: true }

/** Every service that runs as a process of its own, in the order of the umbrella chart. */
export const chartedServices: readonly ChartedService[] = [
  workspaceWatcher,
  acceptAPIRegistry,
  placementScheduler,
  providerSyncer,
  migrationCoordinator,
  { ...workspaceProvisioner, kcpOnly: true } as unknown as ServiceDefinition,
] as ChartedService[]
