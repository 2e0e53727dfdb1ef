import { pathSegmentErrors } from '../name-rules.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { validateEvent } from './event-validation.ts'

const EVENTS_V1 = 'events.k8s.io/v1'

/** Names of the same field in core v1 and in events.k8s.io/v1. */
const RENAMED = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const

/** An Event in the shape of the other group, or a copy when it has that shape. */
export function convertEvent(event: KubeObject, apiVersion: string): KubeObject {
  if (event.apiVersion === apiVersion) return { ...event }
  const toNew = apiVersion === EVENTS_V1
  const names = new Map(RENAMED.map(([core, fresh]) => (toNew ? [core, fresh] : [fresh, core])))
  const fields = Object.entries(event).map(([key, value]) => [names.get(key as never) ?? key, value])
  const converted: KubeObject & JsonObject = { ...(Object.fromEntries(fields) as KubeObject & JsonObject), apiVersion }
  if (!toNew) return { reportingComponent: '', reportingInstance: '', ...converted }
  // Core v1 has these always; here they are left out when empty.
  for (const name of ['reportingController', 'reportingInstance']) if (converted[name] === '') delete converted[name]
  return converted
}

/** Events of core v1, which takes nearly anything, or of events.k8s.io/v1 (`strict`). */
export function events(strict: boolean): Strategy {
  const core = (event: KubeObject) => convertEvent(event, 'v1')
  return {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: true,
    ...(!strict && { validateName: pathSegmentErrors }),
    validate: (next, old) => validateEvent(core(next), old === undefined ? undefined : core(old), strict),
  }
}
