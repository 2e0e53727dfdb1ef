import { AcceptAPI } from './accept-api.ts'
import { Assignment } from './assignment.ts'
import { ConsumerQuota } from './consumer-quota.ts'
import { Migration } from './migration.ts'
import { MigrationConfiguration } from './migration-configuration.ts'
import { MigrationUsage } from './migration-usage.ts'
import { OfferUsage } from './offer-usage.ts'
import { PlacementPolicy } from './placement-policy.ts'
import { Provider } from './provider.ts'
import { QuotaUsage } from './quota-usage.ts'
import { StagingWorkspace } from './staging-workspace.ts'

export { AcceptAPI, apiExportNameOf, type ConsumerSelector, type Filter } from './accept-api.ts'
export {
  Assignment,
  type AssignmentCopy,
  type CopyRole,
  type CopyStatus,
  type DecisionRecord,
  exportAt,
  offerAt,
  providersOf,
  statusEdit,
  withoutDecision,
} from './assignment.ts'
export { ConsumerQuota, MOST_USERS, type QuotaUse } from './consumer-quota.ts'
export type { Mistake, Parsed, PrinterColumn } from './kind.ts'
export type { Condition, GVK, GVR, ObjectMeta } from './meta.ts'
export {
  Migration,
  type MigrationEnd,
  type MigrationState,
  type MoveCause,
  type MoveFailover,
  type StageStatus,
} from './migration.ts'
export { MigrationConfiguration, type MigrationStage, type StagePhase } from './migration-configuration.ts'
export { type CauseCount, type MigrationClaim, MigrationUsage, migrationUsageName } from './migration-usage.ts'
export { OfferUsage, type PlaceClaim } from './offer-usage.ts'
export { PlacementPolicy } from './placement-policy.ts'
export { Provider } from './provider.ts'
export { QuotaUsage, type Waiting } from './quota-usage.ts'
export { StagingWorkspace } from './staging-workspace.ts'

/** Every kind of the broker, in the order of the flow. */
export const kinds = [
  AcceptAPI,
  Assignment,
  Migration,
  MigrationConfiguration,
  OfferUsage,
  MigrationUsage,
  StagingWorkspace,
  Provider,
  PlacementPolicy,
  ConsumerQuota,
  QuotaUsage,
] as const
