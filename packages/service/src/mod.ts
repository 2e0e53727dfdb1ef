export { openBus, openClusters } from './backends.ts'
export { ClusterNotConnectedError, ClusterSet, Clusters } from './clusters.ts'
export { consumerReport } from './consumer-report.ts'
export { recordEvent } from './events.ts'
export {
  type ClusterConfig,
  clusterFlags,
  configSchema,
  directory,
  file,
  list,
  type SharedConfig,
  type WatchedKind,
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
