import type { MoveCause } from '@resource-broker/api'

/** How many moves may run at once, of all, of the objects of one consumer, and from or to one provider; what is left out has no limit. */
export type MoveLimits = {
  total?: number | undefined
  perConsumer?: number | undefined
  perProvider?: number | undefined
}

/** What limits there are: of all moves, of those that a MigrationConfiguration counts for, by its name, and of drains. */
export type Limits = {
  all: MoveLimits
  ofConfiguration: ReadonlyMap<string, MoveLimits>
  /** How many moves the drain of a provider may have run at once; 0: it is not drained any more; undefined: any number. */
  ofDrain: (provider: string) => number | undefined
}

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
  /** It is one of the drain of the provider that it leaves. */
  drain?: boolean | undefined
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
export function limitsOf(mover: Mover, { all, ofConfiguration, ofDrain }: Limits): Limit[] {
  const { configuration } = mover
  const own = configuration === undefined ? undefined : ofConfiguration.get(configuration)
  const named = `configuration ${configuration}`
  const ofIts = mover.drain === true ? drainLimit(mover.from, ofDrain(mover.from)) : []
  return [...limitsIn(all, mover, []), ...(own === undefined ? [] : limitsIn(own, mover, [named])), ...ofIts]
}

function drainLimit(provider: string, most: number | undefined): Limit[] {
  if (most === undefined) return []
  const id = `drain of provider ${provider}`
  const message =
    most === 0
      ? `is about to be taken back: provider ${provider} is not drained any more`
      : `waits for its turn: ${most} ${most === 1 ? 'move' : 'moves'} of the ${id} may run at once`
  return [{ id, most, message }]
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
