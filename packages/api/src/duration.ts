const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A duration as Go writes it: numbers with the units ms, s, m and h. */
export const DURATION = /^([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h))+$/

/** Milliseconds of a duration that matches DURATION. */
export function durationMs(text: string): number {
  const parts = text.matchAll(/([0-9.]+)(ms|s|m|h)/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)
}

/** Milliseconds, from 0, as Go writes a duration, such as 0s, 350ms or 1m3.5s. */
export function durationText(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${ms}ms`
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60]
  const parts = hours > 0 ? [`${hours}h`, `${minutes}m`] : minutes > 0 ? [`${minutes}m`] : []
  return [...parts, `${(ms % 60_000) / 1_000}s`].join('')
}
