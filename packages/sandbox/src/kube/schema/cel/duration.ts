import { Duration } from './library.ts'

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const WORDS: readonly (readonly [RegExp, bigint])[] = [
  [/^(ns|nanos?|nanoseconds?)$/, 1n],
  [/^(us|µs|micros?|microseconds?)$/, 1_000n],
  [/^(ms|millis?|milliseconds?)$/, 1_000_000n],
  [/^(s|secs?|seconds?)$/, 1_000_000_000n],
  [/^(m|mins?|minutes?)$/, 60_000_000_000n],
  [/^(h|hrs?|hours?)$/, 3_600_000_000_000n],
  [/^(d|days?)$/, 86_400_000_000_000n],
  [/^(w|wks?|weeks?)$/, 604_800_000_000_000n],
]

/** Reads a duration as Go's time.ParseDuration does, or in words (`3 weeks`); undefined for what is none. */
export function parseDuration(text: string): Duration | undefined {
  const nanoseconds = goNanoseconds(text) ?? wordNanoseconds(text)
  if (nanoseconds === undefined) return undefined
  return new Duration(nanoseconds / 1_000_000_000n, Number(nanoseconds % 1_000_000_000n))
}

function goNanoseconds(text: string): bigint | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? []
  if (rest === '0') return 0n
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = NANOSECONDS[unit] ?? 1n
    total += BigInt(whole === '' ? 0 : whole) * scale
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  return sign === '-' ? -total : total
}

function wordNanoseconds(text: string): bigint | undefined {
  const [, count, word = ''] = /^(\d+)\s*([a-zµ]+)$/i.exec(text.trim()) ?? []
  const scale = WORDS.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1]
  return count === undefined || scale === undefined ? undefined : BigInt(count) * scale
}
