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
  if (!isRecord(a) || !isRecord(b)) return false
  const keys = presentKeys(a)
  return keys.length === presentKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJSON(a[key], b[key]))
}

/** Whether `part` says nothing that `whole` does not: fields may be missing, at any depth, items of lists may not. */
export function isPartOf(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part) && Array.isArray(whole))
    return part.length === whole.length && part.every((item, i) => isPartOf(item, whole[i]))
  if (!isRecord(part) || !isRecord(whole)) return sameJSON(part, whole)
  return presentKeys(part).every((key) => Object.hasOwn(whole, key) && isPartOf(part[key], whole[key]))
}

const presentKeys = (record: Record<string, unknown>): string[] =>
  Object.keys(record).filter((key) => record[key] !== undefined)
