import { conditionTypes, getCondition, type Provider, setCondition } from '@resource-broker/api'
import type { Presence } from '@resource-broker/service'

type Status = NonNullable<Provider['status']>

/** What one replica knows of a provider; a field is undefined where that is for another replica to say, or not known yet. */
export type ProviderFacts = {
  presence?: Presence | undefined
  /** How the watch of its AcceptAPIs fares, where it is connected. */
  watch?: { isConnected: boolean; trouble?: string } | undefined
  uid?: string | undefined
  objects?: number | undefined
  offers?: number | undefined
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
  const next = reachable(facts)
  const before = getCondition(status?.conditions, conditionTypes.reachable)
  if (next === undefined) return {}
  const isSame = before?.status === next.status && before.reason === next.reason && before.message === next.message
  return isSame
    ? {}
    : { conditions: setCondition(status?.conditions, { type: conditionTypes.reachable, ...next }, now) }
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
