import { isRecord, sameJSON } from './records.ts'

/** The JSON merge patch (RFC 7386) that makes `before` be `after`: what vanished is null, what is the same is left out. */
export function mergePatchOf(before: unknown, after: unknown): unknown {
  if (!isRecord(after) || !isRecord(before)) return after
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name))
  const changed = Object.entries(after).filter(
    ([name, value]) => !Object.hasOwn(before, name) || !sameJSON(before[name], value),
  )
  return Object.fromEntries([
    ...gone.map((name) => [name, null]),
    ...changed.map(([name, value]) => [name, Object.hasOwn(before, name) ? mergePatchOf(before[name], value) : value]),
  ])
}

/** `target` with a JSON merge patch (RFC 7386) applied; neither of the two is changed. */
export function mergePatched(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatched(merged[name], value)
  }
  return merged
}
