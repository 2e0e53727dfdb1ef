import { acceptAPIRegistry } from '@resource-broker/acceptapi-registry'
import { migrationCoordinator } from '@resource-broker/migration-coordinator'
import { placementScheduler } from '@resource-broker/placement-scheduler'
import { providerSyncer } from '@resource-broker/provider-syncer'
import { runServices, type ServiceDefinition } from '@resource-broker/service'
import { workspaceProvisioner } from '@resource-broker/workspace-provisioner'
import { workspaceWatcher } from '@resource-broker/workspace-watcher'

await runServices({
  name: 'broker',
  summary: 'Runs all services of the broker in one process.',
  services: [
    acceptAPIRegistry,
    placementScheduler,
    providerSyncer,
    migrationCoordinator,
    workspaceProvisioner,
    workspaceWatcher,
  ] as ServiceDefinition[],
})
