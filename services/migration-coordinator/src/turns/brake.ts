import { type CauseCount, type MoveCause, Provider, providerName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import type { Wait } from '../plan/step.ts'
import { AWAITS_APPROVAL } from './held-by.ts'
import type { Mover } from './limits.ts'
import { byAge } from './queue.ts'

/** How many moves each change of an offer has set going, by `causeID`. */
export type Causes = Readonly<Record<string, CauseCount>>

/** What keeps the change of one offer from moving the world. */
export type Brake = {
  /** How many moves it may cause before somebody agrees; undefined: any number. */
  most: number | undefined
  begun: Causes
  /** Whether somebody agreed with all that it causes. */
  isApproved: (cause: MoveCause) => boolean
}

/** The same for all moves of one cause. */
export const causeID = (cause: MoveCause): string => `${offerOf(cause)}/${cause.generation}`

/** Whether the change of an offer counts for a move as long as nobody agreed. */
export const isCounted = ({ cause }: Mover, { most, isApproved }: Omit<Brake, 'begun'>): boolean =>
  most !== undefined && cause !== undefined && !isApproved(cause)

/** Whether the platform agreed, at the Provider, with all moves that a change causes, or that of a later generation. */
export function isLetGo({ acceptAPIName, generation }: MoveCause, provider: KubeObject | undefined): boolean {
  const approved = Provider.readable(provider)?.spec.approvedMoves?.[acceptAPIName]
  if (approved === undefined) return false
  return generation === approved || (generation > 0 && generation < approved)
}

/** Of the moves that wait, those that are too many for the change that causes them, and why they wait. The oldest go first. Pure. */
export function brakedOf(waiting: readonly Mover[], brake: Brake): Map<string, Wait> {
  const { most = 0, begun } = brake
  const counts = new Map<string, number>()
  const braked = new Map<string, Wait>()
  for (const mover of waiting.toSorted(byAge)) {
    const { name, cause } = mover
    if (cause === undefined || !isCounted(mover, brake)) continue
    const id = causeID(cause)
    const count = counts.get(id) ?? begun[id]?.begun ?? 0
    if (count < most) counts.set(id, count + 1)
    else
      braked.set(name, {
        quiet: true,
        reason: AWAITS_APPROVAL,
        message: `${tooManyMoves(cause, most)}: ${letGoCommand(cause)}`,
      })
  }
  return braked
}

/** A move that begins on account of a change, or one that did not begin although it might have. */
export type Count = { cause: MoveCause; by: 1 | -1 }

/**
 * The record once these are counted. A count stays until a later change of the same offer is counted, and none of the `open` moves is
 * caused by the earlier any more. Pure.
 */
export function causesAfter(before: Causes, counts: readonly Count[], open: readonly MoveCause[]): Causes {
  const after: Record<string, CauseCount> = { ...before }
  for (const { cause, by } of counts) {
    const id = causeID(cause)
    after[id] = { ...cause, begun: Math.max(0, (after[id]?.begun ?? 0) + by) }
  }
  const counted = counts.map(({ cause }) => cause)
  const stays = new Set([...counted, ...open].map(causeID))
  const offers = new Set(counted.map(offerOf))
  return Object.fromEntries(Object.entries(after).filter(([id, cause]) => stays.has(id) || !offers.has(offerOf(cause))))
}

const offerOf = ({ providerCluster, acceptAPIName }: Omit<MoveCause, 'generation'>): string =>
  `${providerCluster}/${acceptAPIName}`

/** For people: which change it is. */
function changeOf({ providerCluster, acceptAPIName, generation }: MoveCause): string {
  const how = generation === 0 ? 'which is not in force any more' : `generation ${generation}`
  return `AcceptAPI ${acceptAPIName} of ${providerCluster} (${how})`
}

const objects = (count: number): string => (count === 1 ? '1 object' : `${count} objects`)

/** The same for each move that waits, and true as long as it does. */
const tooManyMoves = (cause: MoveCause, most: number): string =>
  `waits for an approval: ${changeOf(cause)} has more than ${objects(most)} move`

/** The command that agrees with all moves that a change causes, for people to copy. */
function letGoCommand({ providerCluster, acceptAPIName, generation }: MoveCause): string {
  const patch = stringifyJson({ spec: { approvedMoves: { [acceptAPIName]: generation } } })
  return `kubectl patch provider ${providerName(providerCluster)} --type merge -p '${patch}'`
}

/** What the platform is told of a change that waits: how many moves it causes, and what lets them go. */
export type BrakeNote = { cause: MoveCause; count: number; message: string }

/** One note for each change of which moves wait. `waiting`: all that may be next; pure. */
export function brakeNotes(waiting: readonly Mover[], brake: Brake): BrakeNote[] {
  const braked = brakedOf(waiting, brake)
  const groups = Map.groupBy(waiting, ({ cause }) => cause && causeID(cause))
  return [...groups].flatMap(([id, movers]) => {
    const { cause } = movers[0] ?? {}
    const waits = movers.filter(({ name }) => braked.has(name)).length
    if (id === undefined || cause === undefined || waits === 0) return []
    const count = movers.length + (brake.begun[id]?.begun ?? 0)
    const message = `${changeOf(cause)} has ${objects(count)} move; ${waits} of them ${waits === 1 ? 'waits' : 'wait'} for an approval: ${letGoCommand(cause)}`
    return [{ cause, count, message }]
  })
}
