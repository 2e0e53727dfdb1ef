import { runService } from '@resource-broker/service'
import { workspaceProvisioner } from './service.ts'

await runService(workspaceProvisioner)
