import type { Metrics } from '../../../packages/service/src/metrics.ts'

/** Metrics that nobody reads. */
export const MUTE: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  beforeScrape: () => undefined,
}
