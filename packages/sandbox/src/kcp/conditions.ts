import type { KubeObject } from '../kube/objects.ts'
import { timestamp } from '../kube/timestamp.ts'

export type Severity = 'Error' | 'Warning' | 'Info'

/** A condition as kcp writes it (contract 2.5); `severity` only where `status` is False. */
export type Condition = {
  type: string
  status: 'True' | 'False' | 'Unknown'
  severity?: Severity
  lastTransitionTime: string
  reason?: string
  message?: string
}

type Wanted = Omit<Condition, 'lastTransitionTime'>

const READY = 'Ready'

/** The condition of that type, undefined when the object has none. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type)
}

/** Whether the condition is there and True. */
export function isTrue(object: KubeObject, type: string): boolean {
  return conditionOf(object, type)?.status === 'True'
}

/** Sets a condition to True. */
export function markTrue(object: KubeObject, type: string, now: Date): void {
  setCondition(object, { type, status: 'True' }, now)
}

/** Sets a condition to False, with its reason. */
export function markFalse(
  object: KubeObject,
  type: string,
  why: { severity: Severity; reason: string; message: string },
  now: Date,
): void {
  setCondition(object, { type, status: 'False', ...why }, now)
}

/** Sets a condition as it is given; the time of the last transition stays where nothing changed. Ready comes first, then by name. */
export function setCondition(object: KubeObject, wanted: Wanted, now: Date): void {
  const old = conditionOf(object, wanted.type)
  if (old !== undefined && isSame(old, wanted)) return
  const next: Condition = { ...wanted, lastTransitionTime: timestamp(now) }
  const others = conditionsOf(object).filter(({ type }) => type !== wanted.type)
  const status = (object['status'] as object | undefined) ?? {}
  object['status'] = { ...status, conditions: [...others, next].sort(byRank) }
}

/** Sets Ready to False with the first of `types` that is, else to True. */
export function summarize(object: KubeObject, types: readonly string[], now: Date): void {
  const failed = types.map((type) => conditionOf(object, type)).find((condition) => condition?.status === 'False')
  if (failed === undefined) {
    markTrue(object, READY, now)
    return
  }
  const { severity = 'Error', reason = '', message = '' } = failed
  markFalse(object, READY, { severity, reason, message }, now)
}

function conditionsOf(object: KubeObject): readonly Condition[] {
  return (object['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? []
}

function isSame(a: Wanted, b: Wanted): boolean {
  return a.status === b.status && a.severity === b.severity && a.reason === b.reason && a.message === b.message
}

function byRank(a: Condition, b: Condition): number {
  if (a.type === b.type) return 0
  if (a.type === READY || b.type === READY) return a.type === READY ? -1 : 1
  return a.type < b.type ? -1 : 1
}
