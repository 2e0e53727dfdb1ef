import type { Environment } from './library.ts'

const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/

/** A semantic version (semver.org, 2.0.0). */
class Semver {
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly #pre: readonly string[]

  constructor(numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    this.numbers = numbers
    this.#pre = pre
  }

  equals(other: unknown): boolean {
    return other instanceof Semver && this.compareTo(other) === 0
  }

  compareTo(other: Semver): number {
    for (const [at, number] of this.numbers.entries()) {
      const against = other.numbers[at] ?? 0n
      if (number !== against) return number < against ? -1 : 1
    }
    if (this.#pre.length === 0 || other.#pre.length === 0)
      return other.#pre.length - this.#pre.length === 0 ? 0 : this.#pre.length === 0 ? 1 : -1
    return comparePre(this.#pre, other.#pre)
  }
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [left, right] = [a[at], b[at]]
    if (left === undefined) return -1
    if (right === undefined) return 1
    if (left === right) continue
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)]
    if (leftIsNumber && rightIsNumber) return BigInt(left) < BigInt(right) ? -1 : 1
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1
    return left < right ? -1 : 1
  }
  return 0
}

/** undefined for what is none; `normalize` also takes `v1` and leading zeros. */
function parseSemver(text: string, normalize = false): Semver | undefined {
  const match = SEMVER.exec(normalize ? normalized(text) : text)
  if (match === null) return undefined
  const [, major = '0', minor = '0', patch = '0', pre = ''] = match
  return new Semver([BigInt(major), BigInt(minor), BigInt(patch)], pre === '' ? [] : pre.split('.'))
}

function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/.exec(text) ?? []
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return parts.join('.') + rest
}

/** Kubernetes' functions of semantic versions. */
export function registerSemver(environment: Environment): void {
  const need = (text: string, normalize = false) => {
    const version = parseSemver(text, normalize)
    if (version === undefined) throw new Error('No Major.Minor.Patch elements found')
    return version
  }
  const on = (signature: string, handler: (...args: never[]) => unknown) =>
    environment.registerFunction(signature, handler as (...args: unknown[]) => unknown)
  environment
    .registerType('kubernetes.Semver', Semver)
    .registerOperator('kubernetes.Semver == kubernetes.Semver', (a: Semver, b: Semver) => a.equals(b))
  on('isSemver(string): bool', (text: string) => parseSemver(text) !== undefined)
  on('isSemver(string, bool): bool', (text: string, normalize: boolean) => parseSemver(text, normalize) !== undefined)
  on('semver(string): kubernetes.Semver', (text: string) => need(text))
  on('semver(string, bool): kubernetes.Semver', need)
  on('kubernetes.Semver.major(): int', ({ numbers }: Semver) => numbers[0])
  on('kubernetes.Semver.minor(): int', ({ numbers }: Semver) => numbers[1])
  on('kubernetes.Semver.patch(): int', ({ numbers }: Semver) => numbers[2])
  on('kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool', (a: Semver, b: Semver) => a.compareTo(b) > 0)
  on('kubernetes.Semver.isLessThan(kubernetes.Semver): bool', (a: Semver, b: Semver) => a.compareTo(b) < 0)
  on('kubernetes.Semver.compareTo(kubernetes.Semver): int', (a: Semver, b: Semver) => BigInt(a.compareTo(b)))
}
