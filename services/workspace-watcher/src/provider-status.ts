import { conditionTypes, getCondition, type Provider, reasons, setCondition } from '@resource-broker/api'
import type { Presence } from '@resource-broker/service'

type Status = NonNullable<Provider['status']>

/** What one replica knows of a provider; a field is undefined where that is for another replica to say, or not known yet. */
export type ProviderFacts = {
  presence?: Presence | undefined
  /** How the watch of its AcceptAPIs fares, where it is connected. */
  watch?: { isConnected: boolean; trouble?: string } | undefined
  uid?: string | undefined
  /** How many Assignments name it. */
  objects?: number | undefined
  offers?: number | undefined
  /** Whether the platform drains it. */
  isDrained?: boolean
  /** Names of the objects that it keeps though it is drained. */
  stuck?: readonly string[]
}

/** The fields of a Provider's status that have to change; undefined: none. */
export function statusPatch(status: Status | undefined, facts: ProviderFacts, now: Date): Partial<Status> | undefined {
  const { uid, objects, offers } = facts
  const wanted: Partial<Status> = {
    ...(uid === undefined || status?.clusterUID !== undefined ? {} : { clusterUID: uid }),
    ...(objects === undefined || objects === status?.objects ? {} : { objects }),
    ...(offers === undefined || offers === status?.offers ? {} : { offers }),
    ...conditions(status, facts, now),
  }
  return Object.keys(wanted).length === 0 ? undefined : wanted
}

function conditions(status: Status | undefined, facts: ProviderFacts, now: Date): Pick<Status, 'conditions'> {
  const before = status?.conditions
  const said = [
    { type: conditionTypes.reachable, word: reachable(facts) },
    { type: conditionTypes.drained, word: drained(facts) },
  ]
  let after = before
  for (const { type, word } of said) {
    const old = getCondition(after, type)
    const isSame = old?.status === word?.status && old?.reason === word?.reason && old?.message === word?.message
    if (word !== undefined && !isSame) after = setCondition(after, { type, ...word }, now)
  }
  const isOver = facts.isDrained === false && getCondition(after, conditionTypes.drained) !== undefined
  if (isOver) after = after?.filter(({ type }) => type !== conditionTypes.drained)
  return after === before || after === undefined ? {} : { conditions: after }
}

/** How many of the objects that stay are named. */
const NAMED = 10

/** Whoever counts the objects says how far a drain has come. */
function drained({ isDrained, objects, stuck = [] }: ProviderFacts): Word | undefined {
  if (isDrained !== true || objects === undefined) return undefined
  if (objects === 0) return { status: 'True', reason: 'Empty', message: 'nothing is there any more' }
  const there = objects === 1 ? '1 object is there' : `${objects} objects are there`
  if (stuck.length === 0) return { status: 'False', reason: 'Moving', message: there }
  const more = stuck.length > NAMED ? ` and ${stuck.length - NAMED} more` : ''
  const message = `${there}, and nobody else takes ${stuck.length} of them: ${stuck.slice(0, NAMED).join(', ')}${more}`
  return { status: 'False', reason: reasons.nobodyElseAccepts, message }
}

type Word = { status: 'True' | 'False'; reason: string; message: string }

function reachable({ presence, watch }: ProviderFacts): Word | undefined {
  if (presence?.state === 'lost')
    return { status: 'False', reason: 'Lost', message: 'the platform says that it will not come back' }
  if (presence?.state === 'away') return { status: 'False', reason: presence.reason, message: presence.why }
  if (watch?.isConnected === true) return { status: 'True', reason: 'Connected', message: 'the broker watches it' }
  if (watch?.trouble === undefined) return undefined
  return { status: 'False', reason: 'Unreachable', message: watch.trouble }
}
