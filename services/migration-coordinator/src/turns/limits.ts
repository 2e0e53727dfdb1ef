import type { MoveCause } from '@resource-broker/api'

/** How many moves may run at once, of all, of the objects of one consumer, and from or to one provider; what is left out has no limit. */
export type MoveLimits = {
  total?: number | undefined
  perConsumer?: number | undefined
  perProvider?: number | undefined
}

/** What limits there are: of all moves, and of those that a MigrationConfiguration counts for, by its name. */
export type Limits = { all: MoveLimits; ofConfiguration: ReadonlyMap<string, MoveLimits> }

/** A move as limits see it. */
export type Mover = {
  /** Of the Migration. */
  name: string
  /** metadata.creationTimestamp of the Migration. */
  since: string
  consumer: string
  /** The providers that it is between. */
  from: string
  to: string
  /** The MigrationConfiguration that counts for it. */
  configuration?: string | undefined
  /** The offer whose change has it move; undefined as well where somebody agreed with this very move. */
  cause?: MoveCause | undefined
}

/** One limit that a move counts for. */
export type Limit = {
  /** The same for all moves that count for it. */
  id: string
  most: number
  /** What is told to a move that waits for it; it does not say how many run, so that it is true as long as it waits. */
  message: string
}

/** The limits that a move counts for: a move within one provider counts there once. */
export function limitsOf(mover: Mover, { all, ofConfiguration }: Limits): Limit[] {
  const { configuration } = mover
  const own = configuration === undefined ? undefined : ofConfiguration.get(configuration)
  const named = `configuration ${configuration}`
  return [...limitsIn(all, mover, []), ...(own === undefined ? [] : limitsIn(own, mover, [named]))]
}

function limitsIn({ total, perConsumer, perProvider }: MoveLimits, mover: Mover, of: readonly string[]): Limit[] {
  const limit = (most: number | undefined, ...more: string[]): Limit[] => {
    const whose = [...of, ...more]
    const named = whose.length === 0 ? '' : ` of ${whose.join(' and ')}`
    const moves = most === 1 ? 'move' : 'moves'
    return most === undefined
      ? []
      : [{ id: whose.join('/'), most, message: `waits for its turn: ${most} ${moves}${named} may run at once` }]
  }
  return [
    ...limit(total),
    ...limit(perConsumer, `consumer ${mover.consumer}`),
    ...[...new Set([mover.from, mover.to])].flatMap((provider) => limit(perProvider, `provider ${provider}`)),
  ]
}
