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
  if (accepted?.status === 'False')
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
    const held = move?.isPending === true ? `: ${move.waits}` : ''
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
  const { conditions } = (source?.status ?? {}) as { conditions?: Condition[] }
  const { status, reason, message } = getCondition(conditions, type) ?? {
    status: 'Unknown',
    reason: 'Deciding',
    message: 'waiting for the placement',
  }
  return { type, status, reason, message }
}

function migrating({ assignment, move }: Assigned): NextCondition[] {
  const copies = wantedCopies(assignment)
  const active = assignment.spec.providerCluster
  const incoming = copies.find(({ role }) => role === 'Incoming')
  // One that is only kept is of a move that is over for the consumer.
  const outgoing = copies.find(({ role, keptUntil }) => role === 'Outgoing' && keptUntil === undefined)
  const type = conditionTypes.migrating
  if (incoming !== undefined) {
    return [
      {
        type,
        status: 'True',
        reason: 'IncomingCopy',
        message: `moving from ${active} to ${incoming.provider}: ${move?.waits ?? 'waiting for the new copy to be ready'}`,
      },
    ]
  }
  if (outgoing !== undefined) {
    return [
      {
        type,
        status: 'True',
        reason: 'Cutover',
        message: `moving from ${outgoing.provider} to ${active}: ${move?.waits ?? 'switching over'}`,
      },
    ]
  }
  return []
}
