import type { ProviderExport, StagingPlace } from '@resource-broker/api'
import type { KcpClusters, Logger, Origin, Tracing } from '@resource-broker/service'
import type { Records } from './records.ts'
import type { WorkspaceTree } from './workspace-tree.ts'

/**
 * A workspace that should be there. Without a consumer it verifies that the export can be bound. `origin`: what the work on it goes on
 * with, where there are traces.
 */
export type Wanted = ProviderExport &
  Partial<Pick<StagingPlace, 'consumerCluster'>> & { name: string; origin?: Origin | undefined }

/** What the handlers of the provisioner work with. */
export type ProvisionerContext = {
  clusters: KcpClusters
  /** Workspaces below the two tree roots. */
  trees: { staging: WorkspaceTree; verification: WorkspaceTree }
  records: Records
  /** What the broker's exports of copies were last found or made to claim, by name. */
  claimed: Map<string, string>
  /** Workspaces that are being removed. */
  retiring: Set<string>
  /** Why a workspace could not be brought further at the last attempt, by name. */
  failures: Map<string, string>
  /** Of the provisioner's word on an AcceptAPI. */
  conditionType: string
  logger: Logger
  tracing?: Tracing | undefined
  now: () => Date
}
