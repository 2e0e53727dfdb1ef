const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** A duration as Go writes it: numbers with the units ms, s, m and h. */
export const DURATION = /^([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h))+$/

/** Milliseconds of a duration that matches DURATION. */
export function durationMs(text: string): number {
  const parts = text.matchAll(/([0-9.]+)(ms|s|m|h)/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)
}
