import type { Condition } from './kinds/meta.ts'

export type NextCondition = Omit<Condition, 'lastTransitionTime'>

/** `now` as Kubernetes writes times: RFC 3339, UTC, whole seconds. */
export const timestamp = (now: Date): string => `${now.toISOString().slice(0, 19)}Z`

/**
 * `existing` with `next` in the place of the condition of its type, sorted by type. lastTransitionTime stays as it was
 * unless the status changes, so setting the same again changes nothing.
 */
export function setCondition(existing: readonly Condition[] | undefined, next: NextCondition, now: Date): Condition[] {
  const before = getCondition(existing, next.type)
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : timestamp(now)
  const others = (existing ?? []).filter((condition) => condition.type !== next.type)
  return sortConditions([...others, { ...next, lastTransitionTime }])
}

/** The condition of that type, if there is one. */
export function getCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type)
}

/** By type, in code unit order: the same set always reads the same. */
export function sortConditions<T extends { type: string }>(conditions: readonly T[]): T[] {
  return conditions.toSorted((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0))
}
