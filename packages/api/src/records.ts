/** Whether a value that came from outside is an object with fields, not a list and not null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Whether two values say the same as JSON: the order of keys does not count, a field that is undefined is absent, the
 * order of lists counts.
 */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => sameJSON(item, b[i]))
  return isRecord(a) && isRecord(b) && sameFields(a, b)
}

function sameFields(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let missing = presentIn(b)
  for (const key of Object.keys(a)) {
    const value = a[key]
    if (value === undefined) continue
    if (!Object.hasOwn(b, key) || !sameJSON(value, b[key])) return false
    missing--
  }
  return missing === 0
}

/** Counted, not listed: statuses are compared at each look at an object. */
function presentIn(record: Record<string, unknown>): number {
  let present = 0
  for (const key of Object.keys(record)) if (record[key] !== undefined) present++
  return present
}

/** Whether `part` says nothing that `whole` does not: fields may be missing, at any depth, items of lists may not. */
export function isPartOf(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part) && Array.isArray(whole))
    return part.length === whole.length && part.every((item, i) => isPartOf(item, whole[i]))
  if (!isRecord(part) || !isRecord(whole)) return sameJSON(part, whole)
  return Object.keys(part).every(
    (key) => part[key] === undefined || (Object.hasOwn(whole, key) && isPartOf(part[key], whole[key])),
  )
}
