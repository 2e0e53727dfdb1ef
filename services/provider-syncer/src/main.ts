import { runService } from '@resource-broker/service'
import { providerSyncer } from './service.ts'

await runService(providerSyncer)
