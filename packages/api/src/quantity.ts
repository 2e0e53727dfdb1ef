/**
 * A number, exact: `digits / 10^scale`. `approx` is the nearest double, so quantities whose approximations differ are
 * ordered by them, and only equal approximations need the exact comparison.
 */
export type Quantity = { digits: bigint; scale: number; approx: number }

const LONGEST = 64
const BINARY: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
const DECIMAL: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d{1,3})?$/

/**
 * Reads a number, a bigint, or a string that holds a decimal or a Kubernetes quantity (`16Gi`, `500m`, `-1.5`, `1e3`), exactly.
 * Returns undefined for anything else, and for strings above 64 characters.
 * Source of the syntax: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity(value: unknown): Quantity | undefined {
  if (typeof value === 'bigint') return exact(value, 0)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? whole(value) : parseText(String(value))
  if (typeof value === 'string' && value.length <= LONGEST) return parseText(value)
  return undefined
}

/** Below 0, 0 or above 0, as `a` is below, equal to or above `b`; exact. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  if (a.approx !== b.approx) return a.approx < b.approx ? -1 : 1
  const scale = Math.max(a.scale, b.scale)
  const [left, right] = [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)]
  return left < right ? -1 : left > right ? 1 : 0
}

const whole = (value: number): Quantity => ({ digits: BigInt(value), scale: 0, approx: value === 0 ? 0 : value })

function parseText(text: string): Quantity | undefined {
  const found = SHAPE.exec(text)
  if (found === null) return undefined
  const [, sign, before = '', after = '', unit = ''] = found
  if (before === '' && after === '') return undefined
  const magnitude = BigInt(before + after) << BigInt(BINARY[unit] ?? 0)
  return exact(sign === '-' ? -magnitude : magnitude, after.length - exponentOf(unit))
}

/** Power of ten that a suffix stands for; 0 for none and for the binary ones. */
function exponentOf(unit: string): number {
  if (unit in DECIMAL) return DECIMAL[unit] ?? 0
  return /^[eE][+-]?\d/.test(unit) ? Number(unit.slice(1)) : 0
}

function exact(digits: bigint, scale: number): Quantity {
  // Number() rounds a decimal literal to the nearest double, which keeps the order of what it rounds.
  const approx = Number(`${digits}e${-scale}`)
  return scale >= 0 ? { digits, scale, approx } : { digits: digits * 10n ** BigInt(-scale), scale: 0, approx }
}
