import { equal } from './equality.ts'
import type { Environment } from './library.ts'
import { Duration } from './library.ts'

class SetsNamespace {}

/** Kubernetes' functions of lists, and the sets extension. */
export function registerLists(environment: Environment): void {
  environment
    .registerType('SetsNamespace', SetsNamespace)
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction('list<A>.isSorted(): bool', (list: unknown[]) =>
      list.every((item, index) => index === 0 || !isLess(item, list[index - 1])),
    )
    .registerFunction('list<A>.sum(): A', sum)
    .registerFunction('list<A>.min(): A', (list: unknown[]) => extreme(list, 'min', isLess))
    .registerFunction('list<A>.max(): A', (list: unknown[]) => extreme(list, 'max', (a, b) => isLess(b, a)))
    .registerFunction('list<A>.indexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findIndex((one) => equal(one, item))),
    )
    .registerFunction('list<A>.lastIndexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findLastIndex((one) => equal(one, item))),
    )
    .registerFunction('SetsNamespace.contains(list<A>, list<A>): bool', (_: unknown, a: unknown[], b: unknown[]) =>
      includesAll(a, b),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list<A>, list<A>): bool',
      (_: unknown, a: unknown[], b: unknown[]) => includesAll(a, b) && includesAll(b, a),
    )
    .registerFunction('SetsNamespace.intersects(list<A>, list<A>): bool', (_: unknown, a: unknown[], b: unknown[]) =>
      b.some((item) => a.some((one) => equal(one, item))),
    )
}

const includesAll = (list: unknown[], items: unknown[]): boolean =>
  items.every((item) => list.some((one) => equal(one, item)))

function isLess(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
  return (a as number) < (b as number)
}

function extreme(list: unknown[], name: string, before: (a: unknown, b: unknown) => boolean): unknown {
  if (list.length === 0) throw new Error(`${name} called on empty list`)
  return list.reduce((best, item) => (before(item, best) ? item : best))
}

function sum(list: unknown[]): unknown {
  if (list.length === 0) return 0n
  return list.reduce((total, item) => {
    if (total instanceof Duration && item instanceof Duration) {
      return (total as unknown as { addDuration: (other: unknown) => unknown }).addDuration(item)
    }
    return (total as number) + (item as number)
  })
}
