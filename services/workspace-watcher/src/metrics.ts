import type { Metrics } from '@resource-broker/service'

/** What the watcher counts. */
export function watchMetrics(metrics: Metrics) {
  const published = metrics.counter<'part'>({
    name: 'broker_snapshots_published_total',
    help: 'Snapshots handed to the bus, by part.',
    labels: ['part'],
  })
  const events = metrics.counter<'event'>({
    name: 'broker_watch_events_total',
    help: 'Changes of the state of watches.',
    labels: ['event'],
  })
  return { published: (part: string) => published.add(1, { part }), watch: (event: string) => events.add(1, { event }) }
}
