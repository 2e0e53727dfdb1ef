import { runService } from '@resource-broker/service'
import { acceptAPIRegistry } from './service.ts'

await runService(acceptAPIRegistry)
