import { PlacementPolicy } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { ask } from '../actors/ask.ts'
import { assignmentsIn, PROVIDERS, resources, type Servers, serverOf } from './places.ts'

/** What a world's policy says of providers that are away. */
export type FailoverSpec = { after: string; maxPerMinute: number; stopAbove: number }

/** How many worlds have objects fail over, of those in which the platform orders nothing. */
const FAILING = 0.3
/** For how long a provider is away that objects may leave, in milliseconds. */
const AWAY_MS = [1_000, 20_000] as const
/** By when the policy is there, where it is not from the beginning on: a provider may be away already. */
export const LATE_MS = 15_000
/** Between two absences, at most. */
export const AWAY_EVERY_MS = 8_000

const NAME = 'fails-over'

/** In some worlds a policy has every object leave a provider that is away; undefined: in this one none does. */
export function failoverOf(random: SeededRandom, isOrdered: boolean): FailoverSpec | undefined {
  if (!random.chance(FAILING) || isOrdered) return undefined
  // Where it never stops what is away is all that there is, sometimes.
  return { after: random.pick(['2s', '6s']), maxPerMinute: random.pick([2, 5]), stopAbove: random.pick([50, 50, 100]) }
}

/** Somebody at the platform asks for it. */
export function askForFailover(servers: Servers, failover: FailoverSpec): void {
  const { apiVersion, kind } = PlacementPolicy
  const body = { apiVersion, kind, metadata: { name: NAME }, spec: { selector: {}, failover } }
  ask(serverOf(servers, 'platform'), 'POST', { resource: resources.policies, name: NAME }, body)
}

/** Who is away next: rather one that has something, and seldom where another one is away already. */
export function whoLeaves(servers: Servers, away: ReadonlySet<string>, random: SeededRandom): string | undefined {
  if (away.size > 0 && random.chance(0.8)) return undefined
  const placed = assignmentsIn(servers).map(({ spec }) => spec.providerCluster)
  return random.pick(placed.length > 0 && random.chance(0.8) ? placed : PROVIDERS)
}

/** For how long one is away: many blink. */
export const absenceOf = (random: SeededRandom): number => random.between(...AWAY_MS)
