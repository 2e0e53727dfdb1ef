import type { MoveLimits } from '../../../services/migration-coordinator/src/turns/limits.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import type { Fate } from '../server/wire.ts'

/** How rough the world of one seed is. Milliseconds, and probabilities. */
export type Weather = {
  usualDelayMs: number
  longDelayMs: number
  longDelay: number
  lost: number
  busLost: number
  /** Between two faults, at most. */
  faultEveryMs: number
  clockOffMs: number
  users: number
  /** Between two acts of a user, at most. */
  actEveryMs: number
  troubleMs: number
  /** That one request of a replica is struck at. */
  ambush: number
  /** A provider is away for good when the trouble ends. */
  staysAway: boolean
  /** Migrations that ended stay to the end of the world. */
  keepsMigrations: boolean
  /** Another broker has the same providers. */
  hasNeighbour: boolean
  /** The platform has records that nobody can read. */
  hasBadRecords: boolean
  /** Moves go through stages. */
  isStaged: boolean
  /** Old copies are kept for a while after the switch. */
  keepsOutgoing: boolean
  /** A change of an offer moves few objects before somebody agrees. */
  isBraked: boolean
  /** Where somebody has to agree with each move. */
  approval: 'BeforeSwitch' | 'Both' | undefined
}

/** Some worlds are calm, so that what needs no fault is found without one. */
export function weatherOf(random: SeededRandom): Weather {
  const isCalm = random.chance(0.2)
  const drawn = {
    usualDelayMs: random.pick([2, 10, 40]),
    longDelayMs: random.pick([300, 2_000, 6_000]),
    longDelay: isCalm ? 0 : random.pick([0, 0.01, 0.05]),
    lost: isCalm ? 0 : random.pick([0, 0.005, 0.03]),
    busLost: isCalm ? 0 : random.pick([0, 0.01]),
    faultEveryMs: isCalm ? Number.POSITIVE_INFINITY : random.pick([4_000, 10_000, 30_000]),
    clockOffMs: random.pick([0, 2_000, 3_600_000]),
    users: random.between(1, 3),
    actEveryMs: random.pick([1_500, 5_000, 15_000]),
    troubleMs: random.between(25_000, 60_000),
    ambush: isCalm ? 0 : random.pick([0, 0.01, 0.04]),
    staysAway: !isCalm && random.chance(0.15),
    keepsMigrations: random.chance(0.5),
    hasNeighbour: random.chance(0.2),
    hasBadRecords: random.chance(0.2),
  }
  // Where a provider stays away a stage waits for what it has, until a person takes the move back.
  return {
    ...drawn,
    isStaged: drawn.actEveryMs === 5_000 && !drawn.staysAway,
    keepsOutgoing: drawn.keepsMigrations,
    isBraked: drawn.usualDelayMs === 10 && drawn.clockOffMs > 0,
    approval: drawn.usualDelayMs !== 40 || drawn.clockOffMs > 0 ? undefined : drawn.users > 1 ? 'Both' : 'BeforeSwitch',
  }
}

/**
 * In some worlds moves have limits. A move to a provider that stays away holds its place, and who waits behind it would never end: not
 * in those.
 */
export function moveLimitsOf(random: SeededRandom, { staysAway }: Weather): MoveLimits {
  if (staysAway) return {}
  return random.pick([{}, {}, { total: 1 }, { total: 2, perProvider: 1 }])
}

/** How many objects a change of an offer may have move before somebody agrees; undefined: any number. */
export const withoutApprovalOf = ({ isBraked, users }: Weather): number | undefined =>
  isBraked ? Math.floor(users / 3) : undefined

/** What becomes of the next request. */
export function fateOf(weather: Weather, random: SeededRandom): Fate {
  const fate = { thereMs: delayOf(weather, random), backMs: delayOf(weather, random) }
  if (!random.chance(weather.lost)) return fate
  return { ...fate, lost: random.pick(['request', 'answer'] as const) }
}

export function delayOf({ usualDelayMs, longDelayMs, longDelay }: Weather, random: SeededRandom): number {
  const most = random.chance(longDelay) ? longDelayMs : usualDelayMs
  return 0.2 + random.next() * most
}

/** After the last fault. */
export const fair = (weather: Weather): Weather => ({
  ...weather,
  usualDelayMs: 5,
  longDelay: 0,
  lost: 0,
  busLost: 0,
  faultEveryMs: Number.POSITIVE_INFINITY,
})
