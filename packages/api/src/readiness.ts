import { isRecord } from './records.ts'

/** `state` is the provider's word: `status.status`, else `Ready` or `NotReady` by its conditions, else `Unknown`. */
export type Readiness = { ready: boolean; state: string; message: string }

/** States in which an object can be used; Degraded works, with less than it should. Others, known or not, are not ready. */
const USABLE = new Set(['Available', 'Degraded'])

/**
 * Whether a provider's object can be used, from what its status says: `status.status`, or without one a `Ready` or
 * `Available` condition. A status about an older generation than the object's is not ready yet. Any input, never throws.
 */
export function readiness(object: unknown): Readiness {
  const { metadata, status } = isRecord(object) ? object : {}
  if (!isRecord(status))
    return { ready: false, state: 'Unknown', message: 'the provider has not reported a status yet' }
  const generation = isRecord(metadata) ? metadata['generation'] : undefined
  const said =
    typeof status['status'] === 'string' ? byState(status['status'], status) : byConditions(status, generation)
  return said.ready && isOlder(status, generation) ? { ...said, ...stale(generation) } : said
}

function byState(word: string, status: Record<string, unknown>): Readiness {
  const state = word === '' ? 'Unknown' : word
  const told = readyCondition(status)?.['message']
  const message = typeof told === 'string' && told !== '' ? told : `the provider says ${state}`
  return { ready: USABLE.has(word), state, message }
}

function byConditions(status: Record<string, unknown>, generation: unknown): Readiness {
  const condition = readyCondition(status)
  if (condition === undefined)
    return { ready: false, state: 'Unknown', message: 'the provider reports neither a state nor a Ready condition' }
  const { message } = condition
  const ready = condition['status'] === 'True'
  const said = { ready, state: ready ? 'Ready' : 'NotReady', message: typeof message === 'string' ? message : '' }
  return ready && isOlder(condition, generation) ? { ...said, ...stale(generation) } : said
}

/** The Ready condition, or the Available one. */
function readyCondition({ conditions }: Record<string, unknown>): Record<string, unknown> | undefined {
  const list = Array.isArray(conditions) ? conditions.filter(isRecord) : []
  return list.find(({ type }) => type === 'Ready') ?? list.find(({ type }) => type === 'Available')
}

const isOlder = ({ observedGeneration: seen }: Record<string, unknown>, generation: unknown): boolean =>
  typeof seen === 'number' && typeof generation === 'number' && seen < generation

const stale = (generation: unknown) => ({
  ready: false,
  state: 'NotReady',
  message: `the provider has not seen generation ${generation} yet`,
})
