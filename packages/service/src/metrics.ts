import { openWatches } from '@resource-broker/kube'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** A metric, defined once and imported by whoever counts. Names follow Prometheus: `broker_placements_total`. */
export type MetricDefinition<L extends string = never> = {
  name: string
  help: string
  labels?: readonly L[]
  /** Upper bounds of a histogram's buckets, in the unit that the name ends with. */
  buckets?: readonly number[]
}

/** Of the whole process, without a label. */
const WATCHES: MetricDefinition = { name: 'broker_watches', help: 'Watches on API servers that are open.' }

/** Values for the labels of a metric; none where it has none. */
type Labels<L extends string> = Record<L, string>

/** The arguments after the first are the labels, which only metrics that have labels take. */
type LabelArguments<L extends string> = [L] extends [never] ? [] : [labels: Labels<L>]

export type CounterHandle<L extends string> = { add(amount: number, ...labels: LabelArguments<L>): void }
export type GaugeHandle<L extends string> = { set(value: number, ...labels: LabelArguments<L>): void }
export type HistogramHandle<L extends string> = { observe(value: number, ...labels: LabelArguments<L>): void }

/** The metrics of one service; every sample carries the label `service`. */
export type Metrics = {
  counter<L extends string = never>(definition: MetricDefinition<L>): CounterHandle<L>
  gauge<L extends string = never>(definition: MetricDefinition<L>): GaugeHandle<L>
  histogram<L extends string = never>(definition: MetricDefinition<L>): HistogramHandle<L>
  /** Called before each answer of `/metrics`, to set gauges of what is counted only then. */
  beforeScrape(set: () => void): void
}

/**
 * The metrics of a process. Services that share the process share each metric of one name and differ in the label
 * `service`, so that the exposition has every name once, as its format wants.
 */
export class MetricsRegistry {
  readonly #registry = new Registry()
  readonly #setters: (() => void)[] = []

  /** Adds memory, CPU, event loop and garbage collection of this process, and its watches. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
    const { name, help } = WATCHES
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(openWatches())
      },
    })
  }

  forService(service: string): Metrics {
    return {
      counter: (definition) => {
        const metric = this.#once(definition, Counter)
        return { add: (amount, ...labels) => metric.inc({ service, ...labels[0] }, amount) }
      },
      gauge: (definition) => {
        const metric = this.#once(definition, Gauge)
        return { set: (value, ...labels) => metric.set({ service, ...labels[0] }, value) }
      },
      histogram: (definition) => {
        const metric = this.#once(definition, Histogram)
        return { observe: (value, ...labels) => metric.observe({ service, ...labels[0] }, value) }
      },
      beforeScrape: (set) => void this.#setters.push(set),
    }
  }

  /** What `/metrics` answers. */
  async expose(): Promise<{ contentType: string; body: string }> {
    for (const set of this.#setters) set()
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }

  #once<L extends string, M extends Counter | Gauge | Histogram>(
    { name, help, labels = [], buckets }: MetricDefinition<L>,
    Type: new (options: {
      name: string
      help: string
      labelNames: string[]
      buckets?: number[]
      registers: Registry[]
    }) => M,
  ): M {
    const known = this.#registry.getSingleMetric(name)
    if (known instanceof Type) return known
    if (known !== undefined) throw new TypeError(`metric ${name} is defined twice, as different types`)
    const registers = [this.#registry]
    const labelNames = ['service', ...labels]
    return new Type({ name, help, labelNames, registers, ...(buckets ? { buckets: [...buckets] } : {}) })
  }
}
