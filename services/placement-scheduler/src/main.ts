import { runService } from '@resource-broker/service'
import { placementScheduler } from './service.ts'

await runService(placementScheduler)
