import { type Condition, conditionTypes, getCondition, type NextCondition, reasons } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { type Assigned, copyAt, wantedCopies } from '../facts/known.ts'
import type { Problem } from './problem.ts'

type Told = Pick<Problem, 'reason' | 'message'>

/** What the broker itself says on the consumer's object, beside what the provider says. */
export function brokerConditions(known: Assigned, generation: number, problems: Told[]): NextCondition[] {
  return [placed(known), synced(known, generation, problems), ...migrating(known)]
}

function placed({ assignment }: Assigned): NextCondition {
  const { providerCluster, acceptAPIName } = assignment.spec
  const accepted = getCondition(assignment.status?.conditions, conditionTypes.accepted)
  if (accepted !== undefined && accepted.status !== 'True')
    return { type: conditionTypes.placed, status: 'True', reason: accepted.reason, message: accepted.message }
  return {
    type: conditionTypes.placed,
    status: 'True',
    reason: reasons.placed,
    message: `placed at ${providerCluster} by AcceptAPI ${acceptAPIName}`,
  }
}

function synced(known: Assigned, generation: number, problems: Told[]): NextCondition {
  const { assignment, decision, source, move } = known
  const type = conditionTypes.synced
  const [first, ...others] = problems
  if (first !== undefined) {
    return {
      type,
      status: 'False',
      reason: first.reason,
      message: [first, ...others].map(({ message }) => message).join('; '),
    }
  }
  const decided = decision !== undefined && decision.uid === source?.metadata.uid && decision.generation === generation
  if (!decided) return undecided(source)
  const { provider } = decision
  if (provider === null) {
    const message = `generation ${generation} is not copied: ${assignment.spec.providerCluster} does not accept it and keeps what it has`
    return { type, status: 'False', reason: reasons.notAccepted, message }
  }
  if (!wantedCopies(assignment).some((copy) => copy.provider === provider)) {
    const earlier = assignment.status?.copies?.find(({ providerCluster }) => providerCluster === provider)
    const why = earlier?.message === undefined ? '' : `; of the earlier copy there: ${earlier.message}`
    const held = move?.isPending === true && move.waits !== undefined ? `: ${move.waits}` : ''
    const message = `generation ${generation} waits for the move from ${assignment.spec.providerCluster} to ${provider} to begin${held}${why}`
    return { type, status: 'False', reason: 'WaitingForMove', message }
  }
  const message = `generation ${generation} is at ${provider}${providersWord(known, provider)}`
  return { type, status: 'True', reason: reasons.synced, message }
}

/** A provider whose own condition of this type says no: the broker's stands in its place, and tells what it says. */
function providersWord(known: Assigned, provider: string): string {
  const { conditions } = (copyAt(known, provider)?.status ?? {}) as { conditions?: Condition[] }
  const its = Array.isArray(conditions) ? getCondition(conditions, conditionTypes.synced) : undefined
  return its === undefined || its.status === 'True' ? '' : `, which says ${its.reason}: ${its.message}`
}

/** The scheduler has yet to say who may take this generation: what was said of the one before stays. */
function undecided(source: KubeObject | null | undefined): NextCondition {
  const type = conditionTypes.synced
  const { status, reason, message } = said(source, type) ?? {
    status: 'Unknown',
    reason: 'Deciding',
    message: 'waiting for the placement',
  }
  return { type, status, reason, message }
}

/** What the consumer's object says already. */
function said(source: KubeObject | null | undefined, type: string): Condition | undefined {
  const { conditions } = (source?.status ?? {}) as { conditions?: Condition[] }
  return getCondition(conditions, type)
}

function migrating({ assignment, source, move }: Assigned): NextCondition[] {
  const copies = wantedCopies(assignment)
  const active = assignment.spec.providerCluster
  const incoming = copies.find(({ role }) => role === 'Incoming')
  // One that is only kept is of a move that is over for the consumer.
  const outgoing = copies.find(({ role, keptUntil }) => role === 'Outgoing' && keptUntil === undefined)
  const type = conditionTypes.migrating
  const say = (reason: string, ends: string, waits: string): NextCondition[] => {
    const message = `moving ${ends}: ${move?.waits ?? waits}`
    const before = said(source, type)
    // What it goes on with at once is nothing to wait for: what was said of this move before stays until there is.
    const stays = move !== undefined && move.waits === undefined && before?.reason === reason
    const isOfThis = before?.message.startsWith(`moving ${ends}: `) === true
    return [{ type, status: 'True', reason, message: stays && isOfThis ? before.message : message }]
  }
  if (incoming !== undefined)
    return say('IncomingCopy', `from ${active} to ${incoming.provider}`, 'waiting for the new copy to be ready')
  if (outgoing !== undefined) return say('Cutover', `from ${outgoing.provider} to ${active}`, 'switching over')
  return []
}
