import { getCondition, timestamp } from '../conditions.ts'
import { durationMs } from '../duration.ts'
import type { PlacementPolicy } from '../kinds/placement-policy.ts'
import type { Provider } from '../kinds/provider.ts'
import { conditionTypes } from '../names.ts'

/** What a policy says of objects whose provider is away; `stopAbove` is in per cent. */
export type Failover = { afterMs: number; maxPerMinute: number; stopAbove: number }

const DEFAULTS = { maxPerMinute: 10, stopAbove: 50 }

/** `spec.failover` of a policy, with what it leaves out. */
export function compileFailover({
  after,
  maxPerMinute = DEFAULTS.maxPerMinute,
  stopAbove = DEFAULTS.stopAbove,
}: NonNullable<PlacementPolicy['spec']['failover']>): Failover {
  return { afterMs: durationMs(after), maxPerMinute, stopAbove }
}

/** Which providers the broker cannot speak to, and since when, RFC 3339; `total` is of how many. */
export type Absences = { total: number; away: ReadonlyMap<string, string> }

/** Since when a provider is away, as its record says; undefined: it is not, or the platform has given it up. */
export function awaySince({ spec, status }: Pick<Provider, 'spec' | 'status'>): string | undefined {
  if (spec.lost === true) return undefined
  const reachable = getCondition(status?.conditions, conditionTypes.reachable)
  return reachable?.status === 'False' ? reachable.lastTransitionTime : undefined
}

/** The same of all. One that the platform has given up is not among them. */
export function absencesOf(providers: readonly Pick<Provider, 'spec' | 'status'>[]): Absences {
  const counted = providers.filter(({ spec }) => spec.lost !== true)
  const away = counted.flatMap((provider): [string, string][] => {
    const since = awaySince(provider)
    return since === undefined ? [] : [[provider.spec.providerCluster, since]]
  })
  return { total: counted.length, away: new Map(away) }
}

/**
 * What becomes of the objects of a provider that may be away.
 * - `present`: it is not away, as far as is recorded.
 * - `waits`: they leave it at `atMs`, milliseconds since 1970, if it is away until then.
 * - `held`: they would leave it, and `why` not is for people.
 * - `due`: they leave it now.
 */
export type FailoverWord =
  | { is: 'present' }
  | { is: 'waits'; since: string; atMs: number }
  | { is: 'held'; since: string; why: string }
  | { is: 'due'; since: string }

/** What a policy has the objects of a provider do. Pure; that too many providers are away is told from the beginning. */
export function failoverFrom(
  provider: string,
  { name, failover }: { name: string; failover: Failover },
  absences: Absences,
  now: Date,
): FailoverWord {
  const since = absences.away.get(provider)
  if (since === undefined) return { is: 'present' }
  const why = tooManyAway(failover, absences)
  if (why !== undefined)
    return { is: 'held', since, why: `${why}, PlacementPolicy ${name} stops above ${failover.stopAbove} %` }
  const atMs = Date.parse(since) + failover.afterMs
  return now.getTime() < atMs ? { is: 'waits', since, atMs } : { is: 'due', since }
}

/** Whether so many providers are away that it is the broker that is cut off, in words. */
export function tooManyAway({ stopAbove }: Pick<Failover, 'stopAbove'>, { total, away }: Absences): string | undefined {
  if (away.size * 100 <= stopAbove * total) return undefined
  return `${away.size} of ${total} ${total === 1 ? 'provider is' : 'providers are'} away`
}

/**
 * How long a place counts, in milliseconds: a minute, and by how much its time may be too early. It is recorded in whole seconds, and the
 * platform's clock is known to a second.
 */
const COUNTS_MS = 60_000 + 2_000

/** When objects were let fail over: `begun` after `granted` more were; `againMs`: until the next may be, 0: at once. */
export type Places = { begun: string[]; granted: number; againMs: number }

/** Lets of `wanted` objects as many fail over as `maxPerMinute` leaves places for, beside those that were let at the times `before`. Pure. */
export function placesAfter(
  before: readonly string[],
  wanted: number,
  { maxPerMinute }: Pick<Failover, 'maxPerMinute'>,
  now: Date,
): Places {
  const freeAt = (time: string) => Date.parse(time) + COUNTS_MS
  const counted = before.filter((time) => freeAt(time) > now.getTime()).sort()
  const granted = Math.max(0, Math.min(wanted, maxPerMinute - counted.length))
  const begun = [...counted, ...Array.from({ length: granted }, () => timestamp(now))]
  const first = begun[begun.length - maxPerMinute]
  return { begun, granted, againMs: first === undefined ? 0 : freeAt(first) - now.getTime() }
}
