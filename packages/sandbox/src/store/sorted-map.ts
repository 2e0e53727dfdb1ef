/** Chunks are split at this size: small enough that an insertion moves little, large enough that there are few of them. */
const CHUNK = 512

/**
 * A map whose keys are kept in the order of their UTF-16 code units, each with `suffix` behind it; insertion and deletion do not depend
 * on its size.
 */
export class SortedMap<V> {
  readonly #values = new Map<string, V>()
  /** With the suffix. */
  readonly #chunks: string[][] = []
  readonly #suffix: string

  constructor(suffix = '') {
    this.#suffix = suffix
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: V): void {
    const before = this.#values.size
    this.#values.set(key, value)
    if (this.#values.size > before) this.#insert(key + this.#suffix)
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false
    const sorted = key + this.#suffix
    const at = this.#chunkOf(sorted)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(firstNotBelow(chunk, sorted), 1)
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    return true
  }

  /** All keys in order, or those behind `after`; with `inclusive`, `after` too. The map must not change meanwhile. */
  *keys(after?: string, inclusive = false): Generator<string> {
    const from = after === undefined ? undefined : after + this.#suffix
    const start = from === undefined ? 0 : this.#chunkOf(from)
    for (let at = start; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as string[]
      for (let i = from === undefined ? 0 : behind(chunk, from, inclusive); i < chunk.length; i++)
        yield this.#keyAt(chunk, i)
    }
  }

  /** How many keys stand behind `after`. */
  countAfter(after: string): number {
    const from = after + this.#suffix
    const start = this.#chunkOf(from)
    let count = 0
    for (let at = start; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as string[]
      count += chunk.length - (at === start ? behind(chunk, from, false) : 0)
    }
    return count
  }

  #keyAt(chunk: readonly string[], index: number): string {
    const sorted = chunk[index] as string
    return this.#suffix === '' ? sorted : sorted.slice(0, -this.#suffix.length)
  }

  #insert(key: string): void {
    if (this.#chunks.length === 0) {
      this.#chunks.push([key])
      return
    }
    const at = Math.min(this.#chunkOf(key), this.#chunks.length - 1)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(firstNotBelow(chunk, key), 0, key)
    if (chunk.length <= CHUNK) return
    // Keys often come in order: a full last chunk stays full then, instead of being halved.
    const last = at === this.#chunks.length - 1 && chunk[CHUNK] === key
    this.#chunks.splice(at + 1, 0, chunk.splice(last ? CHUNK : CHUNK / 2))
  }

  /** Index of the first chunk whose last key is not below `key`; the number of chunks when there is none. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const chunk = this.#chunks[middle] as string[]
      if ((chunk[chunk.length - 1] as string) < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

function behind(chunk: readonly string[], after: string, inclusive: boolean): number {
  const at = firstNotBelow(chunk, after)
  return !inclusive && chunk[at] === after ? at + 1 : at
}

function firstNotBelow(chunk: readonly string[], key: string): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((chunk[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
