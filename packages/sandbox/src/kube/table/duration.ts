const SECOND = 1000
const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** A span of time in two or three digits, as k8s.io/apimachinery/pkg/util/duration.HumanDuration writes it. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / SECOND)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE) return `${seconds}s`
  if (seconds < 10 * MINUTE) return withRest(seconds, MINUTE, 'm', 1, 's')
  if (seconds < 3 * HOUR) return `${whole(seconds, MINUTE)}m`
  if (seconds < 8 * HOUR) return withRest(seconds, HOUR, 'h', MINUTE, 'm')
  if (seconds < 2 * DAY) return `${whole(seconds, HOUR)}h`
  if (seconds < 8 * DAY) return withRest(seconds, DAY, 'd', HOUR, 'h')
  if (seconds < 2 * YEAR) return `${whole(seconds, DAY)}d`
  if (seconds < 8 * YEAR) return withRest(seconds, YEAR, 'y', DAY, 'd')
  return `${whole(seconds, YEAR)}y`
}

const whole = (seconds: number, unit: number): number => Math.floor(seconds / unit)

function withRest(seconds: number, unit: number, name: string, smaller: number, smallerName: string): string {
  const rest = whole(seconds % unit, smaller)
  return `${whole(seconds, unit)}${name}${rest === 0 ? '' : `${rest}${smallerName}`}`
}

/** How long ago a time was; of no time, `<unknown>`. */
export function ageOf(time: unknown, now: Date): string {
  if (typeof time !== 'string' || time === '') return '<unknown>'
  const then = Date.parse(time)
  return Number.isNaN(then) ? '<invalid>' : humanDuration(now.getTime() - then)
}
