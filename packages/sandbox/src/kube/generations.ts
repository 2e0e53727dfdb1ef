/** Shared by all, so that no two states have one number: whoever compares one number knows the state. */
let last = 0

/** Numbers the states of what is known of each logical cluster. One that is forgotten and comes back has none that was there before. */
export class Generations {
  readonly #byCluster = new Map<string, number>()

  /** 0 before the first change. */
  of(cluster: string): number {
    return this.#byCluster.get(cluster) ?? 0
  }

  /** Says that something changed. */
  raise(cluster: string): void {
    this.#byCluster.set(cluster, ++last)
  }

  /** Of a logical cluster that is gone. */
  forget(cluster: string): void {
    this.#byCluster.delete(cluster)
  }
}
