import type { Surroundings } from './step.ts'

/**
 * Since when something is so that a Migration records, in milliseconds of the broker's own clock; undefined: since now. Another replica's
 * clock wrote it, and one that is ahead has nobody wait for longer. Pure.
 */
export function sinceWhen(recorded: string | undefined, { seen, now }: Pick<Surroundings, 'seen' | 'now'>): number {
  if (recorded === undefined) return now.getTime()
  return Math.min(Date.parse(recorded), seen.get(recorded) ?? now.getTime())
}
