import { type NextCondition, setCondition, sortConditions } from './conditions.ts'
import type { Condition } from './kinds/meta.ts'
import { conditionTypes } from './names.ts'
import { isRecord, sameJSON } from './records.ts'
import { relatedResources } from './related-resources.ts'

type Status = Record<string, unknown>

export type ConsumerStatusInput = {
  /** Status of the copy; undefined while there is none to read: then what the consumer has stays. */
  copyStatus: Status | undefined
  /** Ours (Placed, Synced, Migrating). Those of ours that are not given go. */
  conditions: readonly NextCondition[]
  /** status that the consumer's object has now. */
  previous: Status | undefined
  /** The consumer's name for a provider's name (`originName`). */
  rename: (name: string) => string
  /** Namespace of the consumer's object: where its related objects are. Undefined for cluster-scoped objects. */
  namespace: string | undefined
  /** metadata.generation of the copy, and of the consumer's object that the copy was made from. */
  generations?: { copy: number; consumer: number }
  now: Date
}

const OURS: ReadonlySet<unknown> = new Set([conditionTypes.placed, conditionTypes.synced, conditionTypes.migrating])

/**
 * The status to write at the consumer: the provider's fields, its related objects under the consumer's names, and its
 * conditions with ours beside them. Condition types of ours are ours alone: a provider's do not get through. An
 * observedGeneration that is the copy's becomes the consumer's; an older one is left out.
 */
export function consumerStatus({
  copyStatus,
  conditions,
  previous,
  rename,
  namespace,
  generations,
  now,
}: ConsumerStatusInput): Status {
  const before = conditionsIn(previous)
  const theirs = conditionsIn(copyStatus ?? previous).filter(({ type }) => !OURS.has(type))
  const fromCopy = copyStatus === undefined ? (previous ?? {}) : translated(copyStatus, rename, namespace)
  const seen = (fields: Status) => (copyStatus === undefined ? fields : withGeneration(fields, generations))
  const ours = conditions.flatMap((next) =>
    setCondition(before.filter(({ type }) => type === next.type) as Condition[], next, now),
  )
  return { ...seen(fromCopy), conditions: sortConditions([...theirs.map(seen), ...ours] as Condition[]) }
}

/** Whether two statuses say the same; the order of keys does not count. */
export const sameStatus = (a: unknown, b: unknown): boolean => sameJSON(a ?? {}, b ?? {})

function translated(
  { relatedResources: given, ...fields }: Status,
  rename: (name: string) => string,
  namespace: string | undefined,
): Status {
  if (given === undefined || given === null) return fields
  const { related } = relatedResources({ relatedResources: given })
  const entries = related.map(({ key, name, gvk }) => [
    key,
    { ...(namespace ? { namespace } : {}), name: rename(name), gvk },
  ])
  return { ...fields, relatedResources: Object.fromEntries(entries) }
}

/** What is shaped like a condition, one per type: the first of each. */
function conditionsIn(status: Status | undefined): (Status & { type: string })[] {
  const list: unknown[] = Array.isArray(status?.['conditions']) ? status['conditions'] : []
  const types = new Set<string>()
  return list.filter((item): item is Status & { type: string } => {
    if (!isRecord(item) || typeof item['type'] !== 'string' || types.has(item['type'])) return false
    types.add(item['type'])
    return true
  })
}

/** Generations are counted per object, so a provider's number means nothing at the consumer until it is translated. */
function withGeneration<T extends Status>(fields: T, generations: ConsumerStatusInput['generations']): T {
  if (generations === undefined || fields['observedGeneration'] === undefined) return fields
  const { observedGeneration, ...others } = fields
  return (
    observedGeneration === generations.copy ? { ...others, observedGeneration: generations.consumer } : others
  ) as T
}
