import type { MetricDefinition, Metrics } from './metrics.ts'

type Counted = Pick<MetricDefinition, 'name' | 'help'> & {
  /** Those that are there from the start, with 0. */
  reasons: readonly string[]
}

/** Defines a gauge that counts by the label `reason`. `current` gives the reason of each that there is, and is asked before each scrape. */
export function countByReason(
  metrics: Pick<Metrics, 'gauge' | 'beforeScrape'>,
  { reasons, ...definition }: Counted,
  current: () => Iterable<string>,
): void {
  const gauge = metrics.gauge({ ...definition, labels: ['reason'] })
  const seen = new Set(reasons)
  metrics.beforeScrape(() => {
    const counts = new Map<string, number>()
    for (const reason of current()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
    for (const reason of counts.keys()) seen.add(reason)
    for (const reason of seen) gauge.set(counts.get(reason) ?? 0, { reason })
  })
}
