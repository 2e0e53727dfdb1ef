import type { ProviderExport, StagingPlace } from '@resource-broker/api'
import type { Fence } from '@resource-broker/bus'
import type { KcpClusters, Logger, Origin, Tracing } from '@resource-broker/service'
import type { Records } from './records.ts'
import { Wants } from './wants.ts'
import type { WorkspaceTree } from './workspace-tree.ts'

/**
 * A workspace that should be there. Without a consumer it verifies that the export can be bound. `origin`: what the work on it goes on
 * with, where there are traces.
 */
export type Wanted = ProviderExport &
  Partial<Pick<StagingPlace, 'consumerCluster'>> & { name: string; origin?: Origin | undefined }

/** What the handlers of the provisioner work with in one run. */
export type ProvisionerContext = Surroundings & Omit<ProvisionerMemory, 'wants'> & { fence: Fence }

/** What is there for all runs. */
export type Surroundings = {
  clusters: KcpClusters
  /** Workspaces below the two tree roots. */
  trees: { staging: WorkspaceTree; verification: WorkspaceTree }
  records: Records
  /** Of the provisioner's word on an AcceptAPI. */
  conditionType: string
  logger: Logger
  tracing?: Tracing | undefined
  now: () => Date
}

/** What is remembered of a partition for as long as it is owned. */
export type ProvisionerMemory = {
  /** What the partition's Assignments and AcceptAPIs ask for. */
  wants: Wants
  /** What the broker's exports of copies were last made to claim, by name, and in which life of its trial. */
  claimed: Map<string, string>
  /** Workspaces whose removal was begun, and at which export they are. */
  retiring: Map<string, ProviderExport>
  /** Why a workspace could not be brought further at the last attempt, by name. */
  failures: Map<string, string>
}

export const newMemory = (): ProvisionerMemory => ({
  wants: new Wants(),
  claimed: new Map(),
  retiring: new Map(),
  failures: new Map(),
})
