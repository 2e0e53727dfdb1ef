import type { Condition } from '@resource-broker/api'

type WithConditions = { status?: { conditions?: Condition[] } }

/** The condition of that type, if the object is there and has it. */
export function conditionOf(object: WithConditions | undefined, type: string): Condition | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type)
}

/** Whether an object has the condition with that status. */
export function has(type: string, status: Condition['status']): (object: WithConditions) => boolean {
  return (object) => conditionOf(object, type)?.status === status
}

/** One condition of an object, for people: `Type=Status (Reason): message`; a reason that only repeats the type is left out. */
export function toldCondition(object: WithConditions | undefined, type: string): string {
  const condition = conditionOf(object, type)
  return condition === undefined ? `no condition ${type}` : told(condition)
}

/** All conditions of an object, for people. */
export function toldConditions(object: WithConditions | undefined): string {
  if (object === undefined) return 'no such object'
  return object.status?.conditions?.map(told).join('; ') || 'an object without conditions'
}

function told({ type, status, reason, message }: Condition): string {
  return `${type}=${status}${reason === type ? '' : ` (${reason})`}: ${message}`
}
