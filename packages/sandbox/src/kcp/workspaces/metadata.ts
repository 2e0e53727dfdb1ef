import { parseJson, stringifyJson } from '@resource-broker/json'
import type { KubeObject } from '../../kube/objects.ts'
import { phaseLabel } from '../hashes.ts'
import { INITIALIZER_LABEL_PREFIX, OWNER_ANNOTATION, PHASE_LABEL, TERMINATOR_LABEL_PREFIX } from '../names.ts'
import { isDeleting, statusOf } from './model.ts'

const STEP_PREFIXES = [INITIALIZER_LABEL_PREFIX, TERMINATOR_LABEL_PREFIX]

/** Brings the labels of a Workspace in line with its status, and its owner annotation once it is Ready. */
export function labelWorkspace(workspace: KubeObject): void {
  setPhaseLabel(workspace)
  reduceOwner(workspace)
}

/** The same of a LogicalCluster, whose labels also name what is still to be done (contract 2.6). */
export function labelLogicalCluster(logicalCluster: KubeObject): void {
  setPhaseLabel(logicalCluster)
  reduceOwner(logicalCluster)
  const { initializers = [], terminators = [] } = statusOf(logicalCluster)
  const steps = [
    ...initializers.map((name) => phaseLabel(INITIALIZER_LABEL_PREFIX, name)),
    ...terminators.map((name) => phaseLabel(TERMINATOR_LABEL_PREFIX, name)),
  ]
  const kept = Object.entries(logicalCluster.metadata.labels ?? {}).filter(
    ([key]) => !STEP_PREFIXES.some((prefix) => key.startsWith(prefix)),
  )
  const labels = Object.fromEntries([...kept, ...steps.map(({ key, value }) => [key, value])])
  if (Object.keys(labels).length > 0) logicalCluster.metadata.labels = labels
}

function setPhaseLabel(object: KubeObject): void {
  const { phase = '' } = statusOf(object)
  const label = isDeleting(object) && phase !== 'Terminating' ? 'Deleting' : phase
  if (label !== '') object.metadata.labels = { ...object.metadata.labels, [PHASE_LABEL]: label }
}

/** Groups and extra were needed to make the workspace; afterwards the name is enough. */
function reduceOwner(object: KubeObject): void {
  const value = object.metadata.annotations?.[OWNER_ANNOTATION]
  if (statusOf(object).phase !== 'Ready' || value === undefined) return
  object.metadata.annotations = { ...object.metadata.annotations, [OWNER_ANNOTATION]: usernameOnly(value) }
}

function usernameOnly(value: string): string {
  try {
    const { username } = parseJson(value) as { username?: string }
    return stringifyJson({ username })
  } catch {
    // The system's own users may write anything there.
    return '{}'
  }
}
