import { runService } from '@resource-broker/service'
import { migrationCoordinator } from './service.ts'

await runService(migrationCoordinator)
