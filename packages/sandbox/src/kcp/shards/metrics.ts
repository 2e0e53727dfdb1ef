/** Counts what tests of clients look for at `/metrics` (contract 10.3). */
export class Metrics {
  readonly #lists = new Map<string, number>()

  /** A list was answered. */
  countList(group: string, resource: string): void {
    const labels = `group="${group}",resource="${resource}"`
    this.#lists.set(labels, (this.#lists.get(labels) ?? 0) + 1)
  }

  /** In Prometheus' text format. */
  text(): string {
    const name = 'apiserver_cache_list_total'
    const lines = [...this.#lists].map(([labels, count]) => `${name}{${labels}} ${count}`)
    return [`# HELP ${name} Number of LIST requests served from memory`, `# TYPE ${name} counter`, ...lines, ''].join(
      '\n',
    )
  }
}
