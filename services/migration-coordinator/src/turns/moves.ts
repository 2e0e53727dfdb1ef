import {
  annotations,
  conditionTypes,
  configurationsFor,
  getCondition,
  hasEnded,
  isApproved,
  isPending,
  type Migration,
  type MigrationClaim,
  MigrationConfiguration,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { AWAITS_APPROVAL, heldBy, PAUSED, type Rules } from './held-by.ts'
import type { Limits, MoveLimits, Mover } from './limits.ts'
import { LIMITS_UNKNOWN, WAITS_FOR_TURN, type Waiting } from './queue.ts'
import type { Claims } from './usage-ledger.ts'

/** What a look at a move that is not held by anything else finds its Ready condition to say: nothing yet, or one of these. */
const MAY_BE_NEXT: ReadonlySet<string | undefined> = new Set([
  ...[undefined, WAITS_FOR_TURN, LIMITS_UNKNOWN],
  ...[PAUSED, AWAITS_APPROVAL],
])

/** What a MigrationConfiguration says on when moves begin. */
export function rulesOf({ metadata, spec }: Pick<MigrationConfiguration, 'metadata' | 'spec'>): Rules {
  const { paused, approval, limits } = spec
  return {
    name: metadata.name,
    ...(paused === undefined ? {} : { paused }),
    ...(approval === undefined ? {} : { approval }),
    ...(limits === undefined ? {} : { limits }),
  }
}

/** The same of one that anybody may have written; undefined: nobody can read it. */
export function readRules(configuration: KubeObject): Rules | undefined {
  if (read.has(configuration)) return read.get(configuration)
  const parsed = MigrationConfiguration.parse(configuration)
  const rules = parsed.ok ? rulesOf(parsed.value) : undefined
  read.set(configuration, rules)
  return rules
}

/** What was read, for as long as the object lives: each look at the queue asks for each move that waits. */
const read = new WeakMap<KubeObject, Rules | undefined>()

/** The limits of all moves, and of those that some MigrationConfiguration counts for. */
export function limitsFrom(
  all: MoveLimits,
  configurations: readonly KubeObject[],
): Pick<Limits, 'all' | 'ofConfiguration'> {
  const own = configurations.flatMap((configuration): [string, MoveLimits][] => {
    const limits = readRules(configuration)?.limits
    return limits === undefined ? [] : [[configuration.metadata.name, limits]]
  })
  return { all, ofConfiguration: new Map(own) }
}

/** A Migration as limits see it. */
export function moverOf({ metadata, spec }: Migration, configuration: string | undefined): Mover {
  return {
    name: metadata.name,
    since: metadata.creationTimestamp ?? '',
    consumer: metadata.annotations?.[annotations.consumerCluster] ?? '',
    from: spec.from.providerCluster,
    to: spec.to.providerCluster,
    configuration,
    drain: spec.drain,
    cause: isApproved({ spec }, 'start') ? undefined : spec.cause,
  }
}

/** The moves that run: those that have a place, and those that began before there was a limit. */
export function runningOf(claims: Claims, migrations: readonly Migration[]): Mover[] {
  const begun = migrations.filter(
    (move) => !isPending(move) && !hasEnded(move) && claims[move.metadata.name] === undefined,
  )
  return [
    ...Object.entries(claims).map(([name, claim]) => claimant(name, claim)),
    ...begun.map((move) => moverOf(move, move.spec.configuration?.name)),
  ]
}

const claimant = (name: string, { consumer, from, to, configuration, drain }: MigrationClaim): Mover => {
  return { name, since: '', consumer, from, to, configuration, drain }
}

/**
 * The moves that may be next: nothing but their turn keeps them, as far as their Migrations and the MigrationConfigurations tell. Who
 * has a place already is not among them.
 */
export function waitingOf(
  claims: Claims,
  migrations: readonly Migration[],
  configurations: readonly KubeObject[],
): Waiting[] {
  return migrations.flatMap((move): Waiting[] => {
    if (!isPending(move) || claims[move.metadata.name] !== undefined || move.spec.cancel === true) return []
    const ready = getCondition(move.status?.conditions, conditionTypes.ready)
    if (!MAY_BE_NEXT.has(ready?.reason)) return []
    const [first] = configurationsFor(configurations, { from: move.spec.from.gvk, to: move.spec.to.gvk })
    const rules = first === undefined ? undefined : readRules(first)
    if (heldBy(move, rules) !== undefined) return []
    return [{ ...moverOf(move, rules?.name), told: ready?.message }]
  })
}
