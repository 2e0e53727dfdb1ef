/**
 * A copy in memory of its own, for bytes that are kept. In Node's pool, or in any slab, the last of them that lives would keep the
 * memory of all that were made beside it: answers, and states of objects that are long past.
 */
export function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}
