import { parseQuantity, quantityError } from '../../quantity.ts'
import type { Environment } from './library.ts'

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

/** Kubernetes' functions of quantities. */
export function registerQuantities(environment: Environment): void {
  environment
    .registerType('kubernetes.Quantity', Quantity)
    .registerOperator('kubernetes.Quantity == kubernetes.Quantity', (a: Quantity, b: Quantity) => a.equals(b))
    .registerFunction('isQuantity(string): bool', (text: string) => quantityError(text) === undefined)
    .registerFunction(
      'quantity(string): kubernetes.Quantity',
      (text: string) => new Quantity(parseQuantity(text).nanos),
    )
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
