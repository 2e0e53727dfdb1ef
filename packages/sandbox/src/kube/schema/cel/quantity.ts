import type { Environment } from './library.ts'

const SUFFIXES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1_000n],
  '': [1n, 1n],
  k: [1_000n, 1n],
  M: [10n ** 6n, 1n],
  G: [10n ** 9n, 1n],
  T: [10n ** 12n, 1n],
  P: [10n ** 15n, 1n],
  E: [10n ** 18n, 1n],
  Ki: [2n ** 10n, 1n],
  Mi: [2n ** 20n, 1n],
  Gi: [2n ** 30n, 1n],
  Ti: [2n ** 40n, 1n],
  Pi: [2n ** 50n, 1n],
  Ei: [2n ** 60n, 1n],
}
const NANO = 1_000_000_000n
const MAX_INT = 2n ** 63n - 1n

/** A resource quantity, exact to a billionth as in Kubernetes. */
class Quantity {
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }

  equals(other: unknown): boolean {
    return other instanceof Quantity && other.nanos === this.nanos
  }

  get isInteger(): boolean {
    return this.nanos % NANO === 0n && this.nanos / NANO <= MAX_INT && this.nanos / NANO >= -MAX_INT - 1n
  }
}

/** undefined for what is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const [, sign, whole = '', fraction = '', suffix = ''] =
    /^([+-]?)(\d*)(?:\.(\d*))?((?:[eE][+-]?\d{1,3})|[numkMGTPE]|[KMGTPE]i)?$/.exec(text) ?? []
  if (sign === undefined || (whole === '' && fraction === '')) return undefined
  const scale = /^[eE][+-]?\d/.test(suffix) ? exponent(suffix.slice(1)) : SUFFIXES[suffix]
  if (scale === undefined) return undefined
  const numerator = BigInt(`${whole}${fraction}`) * scale[0] * NANO
  const denominator = 10n ** BigInt(fraction.length) * scale[1]
  const nanos = (numerator + denominator - 1n) / denominator
  return new Quantity(sign === '-' ? -nanos : nanos)
}

function exponent(digits: string): readonly [bigint, bigint] {
  const power = Number(digits)
  return power >= 0 ? [10n ** BigInt(power), 1n] : [1n, 10n ** BigInt(-power)]
}

/** Kubernetes' functions of quantities. */
export function registerQuantities(environment: Environment): void {
  environment
    .registerType('kubernetes.Quantity', Quantity)
    .registerOperator('kubernetes.Quantity == kubernetes.Quantity', (a: Quantity, b: Quantity) => a.equals(b))
    .registerFunction('isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined)
    .registerFunction('quantity(string): kubernetes.Quantity', (text: string) => {
      const quantity = parseQuantity(text)
      if (quantity !== undefined) return quantity
      throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    })
    .registerFunction('sign(kubernetes.Quantity): int', ({ nanos }: Quantity) =>
      nanos > 0n ? 1n : nanos < 0n ? -1n : 0n,
    )
    .registerFunction('kubernetes.Quantity.isInteger(): bool', (quantity: Quantity) => quantity.isInteger)
    .registerFunction('kubernetes.Quantity.asInteger(): int', (quantity: Quantity) => {
      if (!quantity.isInteger) throw new Error('cannot convert value to integer')
      return quantity.nanos / NANO
    })
    .registerFunction('kubernetes.Quantity.asApproximateFloat(): double', ({ nanos }: Quantity) => Number(nanos) / 1e9)
  registerComparisons(environment)
  registerArithmetic(environment)
}

function registerComparisons(environment: Environment): void {
  const on = (signature: string, handler: (a: Quantity, b: Quantity) => unknown) =>
    environment.registerFunction(`kubernetes.Quantity.${signature}`, handler)
  on('isGreaterThan(kubernetes.Quantity): bool', (a, b) => a.nanos > b.nanos)
  on('isLessThan(kubernetes.Quantity): bool', (a, b) => a.nanos < b.nanos)
  on('compareTo(kubernetes.Quantity): int', (a, b) => (a.nanos > b.nanos ? 1n : a.nanos < b.nanos ? -1n : 0n))
}

function registerArithmetic(environment: Environment): void {
  const on = (name: string, combine: (a: bigint, b: bigint) => bigint) =>
    environment
      .registerFunction(
        `kubernetes.Quantity.${name}(kubernetes.Quantity): kubernetes.Quantity`,
        (a: Quantity, b: Quantity) => new Quantity(combine(a.nanos, b.nanos)),
      )
      .registerFunction(
        `kubernetes.Quantity.${name}(int): kubernetes.Quantity`,
        (a: Quantity, b: bigint) => new Quantity(combine(a.nanos, b * NANO)),
      )
  on('add', (a, b) => a + b)
  on('sub', (a, b) => a - b)
}
