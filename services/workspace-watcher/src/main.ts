import { runService } from '@resource-broker/service'
import { workspaceWatcher } from './service.ts'

await runService(workspaceWatcher)
