import { annotations, originAnnotations } from '@resource-broker/api'
import type { KubeObject, SourceRef } from '@resource-broker/bus'

export type DesiredCopy = { metadata: { name: string; annotations: Record<string, string> }; [field: string]: unknown }

type Origin = {
  ref: SourceRef
  source: KubeObject
  provider: string
  name: string
  /** Who makes it, and on which Assignment's account. */
  by: { brokerID: string; assignmentUID: string }
}

/** What the broker applies at a provider under a name of its own: everything of the consumer's object but its metadata and status. */
export function desiredCopy({ ref, source, provider, name, by }: Origin): DesiredCopy {
  const { apiVersion, kind, metadata, status: _status, ...content } = source
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      annotations: {
        ...originAnnotations(ref, provider),
        [annotations.consumerUID]: metadata.uid,
        [annotations.consumerGeneration]: String(metadata.generation ?? 0),
        [annotations.brokerID]: by.brokerID,
        [annotations.assignmentUID]: by.assignmentUID,
      },
    },
    ...content,
  }
}

/** What a copy has that the broker applies, and what others added to it. */
export function contentOf({ metadata, status: _status, ...content }: KubeObject): unknown {
  return [metadata.annotations, content]
}

/** metadata.generation of the consumer's object that a copy was made from. */
export function consumerGenerationOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[annotations.consumerGeneration] ?? 0)
}

/** Whether the copy already is what `desired` says; what a provider added beside it does not count. */
export function isUpToDate(copy: KubeObject, desired: DesiredCopy): boolean {
  const { metadata, apiVersion: _apiVersion, kind: _kind, ...content } = desired
  return isSubset(metadata.annotations, copy.metadata.annotations) && isSubset(content, copy)
}

/**
 * `desired` without the maps that it empties in the copy, or undefined if it empties none. An apply that leaves a map of its own
 * empty is stored as null, or refused (kube-apiserver 1.34): the map has to go first, and can come back empty then.
 */
export function withoutEmptied(
  desired: Record<string, unknown>,
  copy: Record<string, unknown>,
): Record<string, unknown> | undefined {
  let emptied = false
  const rest = Object.entries(desired).flatMap(([name, value]): [string, unknown][] => {
    const its = copy[name]
    if (!isRecord(value) || !isRecord(its)) return [[name, value]]
    if (Object.keys(value).length === 0 && Object.keys(its).length > 0) {
      emptied = true
      return []
    }
    const inner = withoutEmptied(value, its)
    emptied ||= inner !== undefined
    return [[name, inner ?? value]]
  })
  return emptied ? Object.fromEntries(rest) : undefined
}

/** Every field of `part` stands in `whole` with the same value; arrays have the same length, so that defaults inside may differ. */
function isSubset(part: unknown, whole: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && part.length === whole.length && part.every((item, i) => isSubset(item, whole[i]))
  if (!isRecord(part)) return part === whole
  return (
    isRecord(whole) &&
    Object.entries(part).every(([name, value]) => Object.hasOwn(whole, name) && isSubset(value, whole[name]))
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
