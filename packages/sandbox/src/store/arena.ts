const SLAB = 64 * 1_024
/** What is larger gets memory of its own. */
const LARGE = SLAB / 4

/**
 * Copies what is kept into slabs of its own. In Node's pool it would stand between bytes that live for a moment, and keep the
 * memory of all of them.
 */
export class Arena {
  #slab = Buffer.alloc(0)
  #used = 0

  keep(bytes: Buffer): Buffer {
    if (bytes.length > LARGE) return copyOf(bytes)
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB)
      this.#used = 0
    }
    const kept = this.#slab.subarray(this.#used, this.#used + bytes.length)
    bytes.copy(kept)
    this.#used += bytes.length
    return kept
  }
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
