import {
  type Assignment,
  type AssignmentCopy,
  annotations,
  type CopyStatus,
  type Migration,
} from '@resource-broker/api'

/** kcp: a copy stays at the APIExport through which it was made. */
export const named = (apiExportName: string | undefined) => (apiExportName === undefined ? {} : { apiExportName })

export const isAskedFor = ({ spec: { to } }: Migration, { spec }: Assignment): boolean =>
  spec.copies?.some(({ providerCluster, role }) => providerCluster === to.providerCluster && role === 'Incoming') ??
  false

export const hasSwitched = ({ spec: { to } }: Migration, { spec }: Assignment): boolean =>
  spec.providerCluster === to.providerCluster

/** State of a copy that is to go, and stays until the active one is known to serve. */
export const LEAVING = 'Leaving'

/** State of a copy at a provider that cannot be reached: it goes when the provider is back, and holds up nothing until then. */
export const AWAY = 'Away'

/** What is said of the incoming copy, unless it is about a spec older than the one that the move was asked for: another copy's word. */
export function incomingOf({ spec, metadata }: Migration, assignment: Assignment): CopyStatus | undefined {
  const copy = copyOf(assignment, spec.to.providerCluster)
  const wanted = Number(metadata.annotations?.[annotations.consumerGeneration] ?? 0)
  return copy?.observedGeneration !== undefined && copy.observedGeneration < wanted ? undefined : copy
}

export function copyOf(assignment: Assignment, provider: string) {
  return assignment.status?.copies?.find(({ providerCluster }) => providerCluster === provider)
}

export function others(assignment: Assignment, provider: string): AssignmentCopy[] {
  return (assignment.spec.copies ?? []).filter(({ providerCluster }) => providerCluster !== provider)
}

export function without(assignment: Assignment, provider: string): AssignmentCopy[] | null {
  const left = others(assignment, provider)
  return left.length > 0 ? left : null
}
