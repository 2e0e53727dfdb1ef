import { MASTERS } from '../../kube/authn/mod.ts'
import type { Attributes, Authorization, Authorizer } from '../../kube/authorizer.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { UserInfo } from '../../kube/user.ts'
import { logicalClusterIn } from '../clusters/mod.ts'
import { KCP_ADMINS, LOGICAL_CLUSTER_ADMIN, WORKSPACE_BOOTSTRAPPER } from '../groups.ts'
import { APIS, REQUIRED_GROUPS_ANNOTATION, WILDCARD } from '../names.ts'
import type { MaximalPermissionPolicy, ReplicatedCache } from '../services.ts'
import { aboutPath } from './attributes.ts'
import { effectiveUsers, homeClusters } from './effective-users.ts'
import { policyUser } from './policy-user.ts'
import type { ScopedRbac } from './rbac.ts'

export type ChainOptions = {
  cache: ReplicatedCache
  rbac: ScopedRbac
  maximalPermissionPolicy: MaximalPermissionPolicy
}

/** One link of the chain: undefined hands on to the next. */
type Link = (attributes: Attributes) => Authorization | undefined

/** Members of one of these are in every logical cluster, whatever groups it requires. */
const ABOVE_REQUIRED_GROUPS = [KCP_ADMINS, WORKSPACE_BOOTSTRAPPER]
const OPEN_PATHS = new Set(['/healthz', '/livez', '/readyz'])
const OPEN_PHASES = new Set(['Initializing', 'Ready', 'Inactive', 'Terminating', 'Deleting'])

/** What kcp asks of every request, in the order of contract 12.4. */
export class AuthorizerChain implements Authorizer {
  readonly #options: ChainOptions
  readonly #links: readonly Link[]

  constructor(options: ChainOptions) {
    this.#options = options
    this.#links = [
      alwaysAllow,
      (attributes) => this.#requiredGroups(attributes),
      (attributes) => this.#workspaceContent(attributes),
      systemTypes,
      (attributes) => this.#maximalPermissionPolicy(attributes),
    ]
  }

  authorize(attributes: Attributes): Authorization {
    for (const link of this.#links) {
      const answer = link(attributes)
      if (answer !== undefined) return answer
    }
    return this.#options.rbac.authorize(attributes)
  }

  #requiredGroups({ user, cluster }: Attributes): Authorization | undefined {
    if (isExempt(user)) return undefined
    const required = this.#logicalCluster(cluster)?.metadata.annotations?.[REQUIRED_GROUPS_ANNOTATION]
    if (required === undefined) return undefined
    const clauses = [
      ...required.split(';').map((clause) => clause.split(',')),
      ...ABOVE_REQUIRED_GROUPS.map((group) => [group]),
    ]
    const members = effectiveUsers(user, cluster)
    const isMember = clauses.some((clause) =>
      members.some(({ groups }) => clause.every((group) => groups.includes(group.trim()))),
    )
    if (isMember) return undefined
    return denied(`subject is not a member of required groups: ${required}`)
  }

  #workspaceContent({ user, cluster }: Attributes): Authorization | undefined {
    if (cluster === '' || cluster === WILDCARD || cluster.startsWith('system:'))
      return refused('empty or system workspace')
    if (user.groups.includes(LOGICAL_CLUSTER_ADMIN) && homeClusters(user) === undefined) return undefined
    const logicalCluster = this.#logicalCluster(cluster)
    if (logicalCluster === undefined) return denied('LogicalCluster not found')
    const { phase = '' } = (logicalCluster['status'] ?? {}) as { phase?: string }
    if (!OPEN_PHASES.has(phase)) return refused(`not permitted due to phase "${phase}"`)
    if (homeClusters(user)?.includes(cluster) === true) return undefined
    const access = aboutPath({ cluster, user, verb: 'access', path: '/' })
    if (this.#options.rbac.authorize(access).allowed) return undefined
    return refused('no verb=access permission on /')
  }

  #maximalPermissionPolicy(attributes: Attributes): Authorization | undefined {
    const { cluster, group, resource, user, isResourceRequest } = attributes
    if (!isResourceRequest) return undefined
    const policy = this.#options.maximalPermissionPolicy(cluster, group, resource)
    if (policy === undefined) return undefined
    for (const each of effectiveUsers(user, cluster)) {
      const answer = this.#options.rbac.authorize({
        ...attributes,
        cluster: policy.cluster,
        user: policyUser(each, cluster),
      })
      if (answer.allowed) return undefined
    }
    return refused('access not permitted by maximal permission policy')
  }

  #logicalCluster(cluster: string): KubeObject | undefined {
    return logicalClusterIn(this.#options.cache, cluster)?.object
  }
}

function alwaysAllow({ user, isResourceRequest, path }: Attributes): Authorization | undefined {
  if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' }
  return !isResourceRequest && OPEN_PATHS.has(path) ? { allowed: true, reason: '' } : undefined
}

/** The status of bindings and exports is written by the system alone. */
function systemTypes({ group, resource, subresource }: Attributes): Authorization | undefined {
  const isGuarded = group === APIS && subresource === 'status' && ['apibindings', 'apiexports'].includes(resource)
  return isGuarded ? denied('status update not permitted') : undefined
}

/** Service accounts and the system itself need no groups. */
function isExempt(user: UserInfo): boolean {
  return homeClusters(user) !== undefined || user.groups.includes(LOGICAL_CLUSTER_ADMIN)
}

function refused(reason: string): Authorization {
  return { allowed: false, reason }
}

function denied(reason: string): Authorization {
  return { allowed: false, denied: true, reason }
}
