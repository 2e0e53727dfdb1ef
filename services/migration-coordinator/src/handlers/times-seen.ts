import type { Migration } from '@resource-broker/api'

/** Of each Migration, by its name: when each time that it records was first seen, in milliseconds of the broker's own clock. */
export type TimesSeen = Map<string, ReadonlyMap<string, number>>

/** Notes the times that a Migration records now, and forgets others. Returns when each was first seen. */
export function seeTimes(
  seen: TimesSeen,
  { metadata: { name }, status }: Migration,
  now: Date,
): ReadonlyMap<string, number> {
  const stages = (status?.stages ?? []).map(({ startTime }) => startTime)
  const recorded = [status?.switchTime, status?.completionTime, ...stages]
  const before = seen.get(name)
  const after = new Map(
    recorded.flatMap((time) => (time === undefined ? [] : [[time, before?.get(time) ?? now.getTime()] as const])),
  )
  seen.set(name, after)
  return after
}
