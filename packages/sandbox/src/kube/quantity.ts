/** As kube-apiserver gives it where a quantity cannot be read. */
const MALFORMED = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const BAD_SUFFIX = "unable to parse quantity's suffix"

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL: Readonly<Record<string, number>> = {
  ...{ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 },
}
/** Values are counted in units of 10^-9, the least that a quantity can hold. */
const NANO = 9
const UNIT = 10n ** BigInt(NANO)
const MAX = ((1n << 63n) - 1n) * UNIT

export type Quantity = { nanos: bigint; format: 'decimal' | 'binary' | 'exponent' }

/** Reads a quantity such as `1500m` or `2Gi`. Throws Error in the words of k8s.io/apimachinery/pkg/api/resource. */
export function parseQuantity(text: string): Quantity {
  const match = SHAPE.exec(text)
  if (match === null || text === '') throw new Error(MALFORMED)
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  const scale = scaleOf(suffix)
  const signed = (size: bigint) => (sign === '-' ? -size : size)
  const digits = BigInt(`${whole}${fraction}` || 0)
  const binary = BINARY.indexOf(suffix) + 1
  const factor = binary > 0 ? 1024n ** BigInt(binary) : 1n
  const size = shifted(digits * factor, NANO + scale - fraction.length)
  if (binary > 0) return { nanos: signed(capped(size)), format: size > 0n && size < UNIT ? 'decimal' : 'binary' }
  return { nanos: signed(size), format: /^[eE]./.test(suffix) ? 'exponent' : 'decimal' }
}

/** Why a text is no quantity, in the words of `parseQuantity`; undefined where it is one. */
export function quantityError(text: string): string | undefined {
  try {
    parseQuantity(text)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The one text that kube-apiserver gives for a quantity, however it was written. Throws like `parseQuantity`. */
export function canonicalQuantity(text: string): string {
  const { nanos, format } = parseQuantity(text.trim())
  if (nanos === 0n) return '0'
  const size = nanos < 0n ? -nanos : nanos
  const sign = nanos < 0n ? '-' : ''
  if (format === 'binary' && size >= 1024n * UNIT && size % UNIT === 0n) return sign + binaryText(size / UNIT)
  return sign + decimalText(size, format === 'exponent')
}

function scaleOf(suffix: string): number {
  if (BINARY.includes(suffix)) return 0
  const decimal = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix] : undefined
  if (decimal !== undefined) return decimal
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1]
  if (exponent === undefined) throw new Error(BAD_SUFFIX)
  // More could not be held anyway, and would take long to compute.
  return Math.max(-1000, Math.min(1000, Number(exponent)))
}

/** `value` * 10^by, rounded away from zero. */
function shifted(value: bigint, by: number): bigint {
  if (by >= 0) return value * 10n ** BigInt(by)
  const divisor = 10n ** BigInt(-by)
  return (value + divisor - 1n) / divisor
}

/** Only a quantity with a binary suffix is cut to what 64 bits hold. */
function capped(size: bigint): bigint {
  return size > MAX ? MAX : size
}

function binaryText(value: bigint): string {
  let rest = value
  let power = 0
  while (rest % 1024n === 0n && power < BINARY.length) {
    rest /= 1024n
    power++
  }
  return `${rest}${power === 0 ? '' : BINARY[power - 1]}`
}

function decimalText(size: bigint, asExponent: boolean): string {
  let rest = size
  let exponent = -NANO
  while (rest % 1000n === 0n && (asExponent || exponent < DECIMAL['E']!)) {
    rest /= 1000n
    exponent += 3
  }
  if (asExponent) return `${rest}${exponent === 0 ? '' : `e${exponent}`}`
  return `${rest}${Object.keys(DECIMAL).find((suffix) => DECIMAL[suffix] === exponent) ?? ''}`
}
