export { busPrefix, openBus, openClusters, openCoordination } from './backends.ts'
export { Batches } from './batches.ts'
export {
  type BrokeredKind,
  ClusterNotConnectedError,
  type Clusters,
  type Destination,
  type Destinations,
  type Obstacle,
  type Providers,
  scopeDiffers,
  type View,
} from './clusters/clusters.ts'
export { type Compute, computeView, computeWith, NAMESPACES, openCompute, stagedBy } from './clusters/compute.ts'
export { type KcpClusters, openKcpClusters } from './clusters/kcp/open.ts'
export { BINDINGS, Staging, type StagingCluster, serves, whyNotReady } from './clusters/kcp/staging.ts'
export { isEnding, pairOf, STAGING_FAILED, StagingRecords } from './clusters/kcp/staging-records.ts'
export type { AwayReason, Presence } from './clusters/presence.ts'
export { clustersUnder } from './clusters/under-fence.ts'
export { type ConfigSchema, describeFlags, type FlagDescription, helpText, parseConfig } from './config.ts'
export { consumerReport } from './consumer-report.ts'
export { countByReason } from './count-by-reason.ts'
export { type EventNote, recordEvent, tryRecordEvent } from './events.ts'
export {
  type ClusterConfig,
  clusterFlags,
  computeFlags,
  configSchema,
  coordinationFlags,
  directory,
  file,
  list,
  type SharedConfig,
  sharedFlags,
  workspacePath,
} from './flags.ts'
export type { ReadyCheck } from './health.ts'
export type { RouteHandler } from './http.ts'
export { runService, runServices, type ServiceContext, type ServiceDefinition } from './lifecycle.ts'
export { createLogger, type Logger } from './logger.ts'
export {
  type CounterHandle,
  type GaugeHandle,
  type HistogramHandle,
  type MetricDefinition,
  type Metrics,
  MetricsRegistry,
} from './metrics.ts'
export { reportOnOffer } from './offer-conditions.ts'
export { mayPass } from './passing.ts'
export { tellConditions } from './tell-conditions.ts'
export { together } from './together.ts'
export { originOf, traced } from './tracing/traced.ts'
export { GOES_ON_MS, type Origin, type Tracing } from './tracing/tracing.ts'
export { verdictOf } from './verdict-of.ts'
export { WatchObstacle } from './watch-obstacle.ts'
