import { type Assignment, ConsumerQuota } from '@resource-broker/api'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { ask } from '../actors/ask.ts'
import { assignmentsIn, CONSUMER, resources, type Servers, serverOf } from './places.ts'

/** How many worlds have quotas. */
const LIMITED = 0.25
/** Between two changes of them, at most. */
export const QUOTA_EVERY_MS = 20_000

const NAMES = ['first', 'second'] as const

/** Whether a world has quotas. */
export const hasQuotas = (random: SeededRandom): boolean => random.chance(LIMITED)

/** Somebody at the platform makes a quota, changes it, takes its consumers from it, or deletes it. */
export function changeQuota(servers: Servers, random: SeededRandom): void {
  const platform = serverOf(servers, 'platform')
  const name = random.chance(0.75) ? NAMES[0] : NAMES[1]
  const place = { resource: resources.quotas, name }
  const isThere = platform.find(place) !== undefined
  if (isThere && random.chance(0.2)) return void ask(platform, 'DELETE', place, {})
  const isForOthers = random.chance(0.15)
  const spec = { objects: random.pick([0, 1, 1, 2, 2]), consumers: isForOthers ? [{ path: 'others' }] : null }
  if (isThere) return void ask(platform, 'PATCH', place, { spec })
  const { apiVersion, kind } = ConsumerQuota
  const body = { objects: spec.objects, ...(isForOthers ? { consumers: [{ path: 'others' }] } : {}) }
  ask(platform, 'POST', place, { apiVersion, kind, metadata: { name }, spec: body })
}

/** The quotas that are for the consumer now. */
export function quotasIn(servers: Servers): ConsumerQuota[] {
  const all = serverOf(servers, 'platform').all(resources.quotas)
  return all.map(({ object }) => ConsumerQuota.of(object)).filter(({ spec }) => spec.consumers === undefined)
}

/** What counts for each of them. */
export const countedIn = (servers: Servers): Assignment[] =>
  assignmentsIn(servers).filter(({ spec }) => spec.consumerCluster === CONSUMER)
