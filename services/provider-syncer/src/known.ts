import { Assignment } from '@resource-broker/api'
import type { CopyMessage, DecisionMessage, KeyView, KubeObject, RelatedMeta, SourceRef } from '@resource-broker/bus'

/** Everything that is known of one consumer object when its copies are looked at. */
export type Known = {
  key: string
  assignment: Assignment
  ref: SourceRef
  /** undefined: no word of it yet; null: seen gone. */
  source: KubeObject | null | undefined
  sourceRelated: RelatedMeta[]
  decision: DecisionMessage | undefined
  /** The broker's own, by provider; a message whose object is null says that the copy was seen gone. */
  copies: Map<string, CopyMessage>
  copyRelated: Map<string, RelatedMeta[]>
}

export type WantedCopy = {
  provider: string
  acceptAPIName: string
  role: 'Active' | 'Incoming' | 'Outgoing' | 'Replica'
}

/** undefined while no Assignment of the key is known. @throws {TerminalError} if a part of the key is not valid. */
export function readKnown(key: string, view: KeyView): Known | undefined {
  const record = view.get('assignment')?.object
  if (record === undefined || record === null) return undefined
  const assignment = Assignment.of(record)
  const { consumerCluster: cluster, gvr, namespace, name } = assignment.spec
  const related = view.all('copy-related')
  return {
    key,
    assignment,
    ref: namespace === undefined ? { cluster, gvr, name } : { cluster, gvr, namespace, name },
    source: view.get('source')?.object,
    sourceRelated: view.get('source-related', cluster)?.related ?? [],
    decision: view.get('decision'),
    copies: new Map([...view.all('copy')].filter(([, copy]) => copy.ours || copy.object === null)),
    copyRelated: new Map([...related].map(([provider, message]) => [provider, message.related])),
  }
}

/** The copies that the Assignment asks for, the Active one first. */
export function wantedCopies({ spec }: Assignment): WantedCopy[] {
  const active: WantedCopy = { provider: spec.providerCluster, acceptAPIName: spec.acceptAPIName, role: 'Active' }
  const others = (spec.copies ?? []).map(({ providerCluster, acceptAPIName, role }) => ({
    provider: providerCluster,
    acceptAPIName,
    role,
  }))
  return [active, ...others]
}

/** The consumer's object lives, and is the one that the Assignment was made for. */
export function isCurrent(known: Known): known is Known & { source: KubeObject } {
  const { source, assignment } = known
  return (
    source !== undefined &&
    source !== null &&
    source.metadata.deletionTimestamp === undefined &&
    source.metadata.uid === assignment.spec.uid
  )
}
