import { MASTERS } from '../../kube/authn/mod.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { AdmissionPlugin } from '../../kube/requests/types.ts'
import { EXTERNAL_LOGICAL_CLUSTER_ADMIN, LOGICAL_CLUSTER_ADMIN, WORKSPACE_BOOTSTRAPPER } from '../groups.ts'
import { refusal } from '../refusal.ts'
import { LOGICAL_CLUSTERS } from './logical-cluster.ts'

type Steps = { initializers?: string[]; terminators?: string[] }
type State = Steps & { phase?: string }

const PRIVILEGED = [MASTERS, LOGICAL_CLUSTER_ADMIN, WORKSPACE_BOOTSTRAPPER]
const MAY_DELETE = [EXTERNAL_LOGICAL_CLUSTER_ADMIN]
/** A phase may only be followed by a later one, but for Inactive, which can end. */
const ORDER = ['', 'Scheduling', 'Initializing', 'Ready', 'Terminating', 'Deleting']
const STEPS = ['initializers', 'terminators'] as const

/** Guards LogicalClusters (contract 4.3): users neither create nor delete them, and steps are only ever taken away. */
export const logicalClusterAdmission: AdmissionPlugin = {
  name: 'core.kcp.io/LogicalCluster',

  mutate({ resource, operation, object, old }) {
    if (resource.storage !== LOGICAL_CLUSTERS || operation !== 'UPDATE' || !begins(old, object)) return
    const { initializers, terminators } = specOf(object)
    const status: Record<string, unknown> = { ...statusOf(object) }
    if (initializers !== undefined) status['initializers'] = initializers
    if (terminators !== undefined) status['terminators'] = terminators
    object!['status'] = status
  },

  validate(request) {
    const { resource, operation, user, object, old } = request
    if (resource.storage !== LOGICAL_CLUSTERS) return
    if (PRIVILEGED.some((group) => user.groups.includes(group))) return
    if (operation === 'CREATE') throw refusal(request, 'LogicalCluster cannot be created')
    if (operation === 'UPDATE') {
      const complaint = complaintAbout(old, object)
      if (complaint !== undefined) throw refusal(request, complaint)
      return
    }
    const { directlyDeletable = false } = specOf(old) as { directlyDeletable?: boolean }
    const mayDelete = directlyDeletable || MAY_DELETE.some((group) => user.groups.includes(group))
    if (!mayDelete) throw refusal(request, 'LogicalCluster cannot be deleted')
  },
}

function complaintAbout(old: KubeObject | undefined, next: KubeObject | undefined): string | undefined {
  const [was, is] = [statusOf(old), statusOf(next)]
  for (const step of STEPS) {
    if (!sameSteps(specOf(old)[step], specOf(next)[step])) return `spec.${step} is immutable`
  }
  const { phase: before = '' } = was
  const { phase: after = '' } = is
  if (begins(old, next)) return undefined
  if (!contains(was.terminators, is.terminators)) return 'status.terminators must not grow'
  if (after === 'Initializing' && !contains(was.initializers, is.initializers)) {
    return 'status.initializers must not grow'
  }
  if (after !== 'Initializing' && before !== 'Initializing' && !sameSteps(was.initializers, is.initializers)) {
    return 'status.initializers is immutable after initialization'
  }
  if (before === 'Initializing' && after !== 'Initializing' && (is.initializers ?? []).length > 0) {
    return 'status.initializers is not empty'
  }
  const goesBack = ORDER.includes(after) && ORDER.indexOf(before) > ORDER.indexOf(after)
  return goesBack ? `cannot transition from "${before}" to "${after}"` : undefined
}

function begins(old: KubeObject | undefined, next: KubeObject | undefined): boolean {
  return statusOf(old).phase !== 'Initializing' && statusOf(next).phase === 'Initializing'
}

function contains(all: readonly string[] = [], some: readonly string[] = []): boolean {
  return some.every((step) => all.includes(step))
}

function sameSteps(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return contains(a, b) && contains(b, a)
}

function specOf(object: KubeObject | undefined): Steps {
  return (object?.['spec'] as Steps | undefined) ?? {}
}

function statusOf(object: KubeObject | undefined): State {
  return (object?.['status'] as State | undefined) ?? {}
}
