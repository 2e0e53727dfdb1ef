import { MASTERS } from '../../../kube/authn/mod.ts'
import type { Attributes, Authorization, Authorizer } from '../../../kube/authorizer.ts'
import type { Resource } from '../../../kube/resource.ts'
import { allowsVerb, isSameType } from '../../apis/mod.ts'
import { API_BINDINGS } from '../../apis/system-types/mod.ts'
import { aboutObject, effectiveUsers, policyUser } from '../../authz/mod.ts'
import { APIS, WILDCARD } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import { withoutWarrant } from '../warrant.ts'
import type { Acceptance } from './acceptances.ts'
import { isOwnBindings, type ServedType } from './served-types.ts'

/** What the authorizer has to know of the virtual workspace. */
export type Subject = {
  exportCluster: string
  exportName: string
  typeOf: (group: string, resource: string) => ServedType | undefined
  /** The identity by which the export claims a type; undefined where it does not, empty for types of Kubernetes and kcp. */
  claimedIdentity: (group: string, resource: string) => string | undefined
  acceptanceIn: (cluster: string) => Acceptance | undefined
}

const ALLOWED: Authorization = { allowed: true, reason: '' }
const READ = ['get', 'list', 'watch']

/** Who may do what at the virtual workspace of an export (contract 7.2). */
export class ExportAuthorizer implements Authorizer {
  readonly #services: ShardServices
  readonly #subject: Subject

  constructor(services: ShardServices, subject: Subject) {
    this.#services = services
    this.#subject = subject
  }

  authorize(attributes: Attributes): Authorization {
    const user = withoutWarrant(attributes.user)
    if (user.groups.includes(MASTERS)) return ALLOWED
    const own = { ...attributes, user }
    const inCluster = own.isResourceRequest && own.cluster !== WILDCARD ? this.#inCluster(own) : undefined
    if (inCluster !== undefined) return inCluster
    const content = this.#content(own)
    return content.allowed ? this.#policy(own) : content
  }

  /** The consumer must have given what is asked for. */
  #inCluster({ cluster, group, resource, verb }: Attributes): Authorization | undefined {
    const acceptance = this.#subject.acceptanceIn(cluster)
    if (acceptance === undefined) return denied('could not find suitable APIBinding in target logical cluster')
    const type = this.#subject.typeOf(group, resource)
    // What is not served is answered by 404.
    if (type === undefined) return undefined
    if (isOwnBindings(type)) return READ.includes(verb) ? undefined : denied('APIBindings can only be read')
    if (isGiven(acceptance, type, verb)) return undefined
    return denied('resource is neither bound nor claimed with this verb by an accepted permission claim')
  }

  #content({ user, verb }: Attributes): Authorization {
    const { exportCluster, exportName } = this.#subject
    const content = { group: APIS, resource: 'apiexports', subresource: 'content', name: exportName }
    return this.#services.authorizer.authorize(aboutObject({ cluster: exportCluster, user, verb, ...content }))
  }

  /** What is claimed of other exports is limited by the policies of all that share the identity (contract 6.7). */
  #policy(attributes: Attributes): Authorization {
    const { group, resource, user, cluster } = attributes
    const identityHash = this.#subject.claimedIdentity(group, resource) ?? ''
    if (identityHash === '') return ALLOWED
    const owners = this.#services.exports.withIdentity(identityHash)
    // Whether one limits it cannot be told.
    if (owners.length === 0) return denied('no APIExport provides what is claimed')
    const users = effectiveUsers(user, cluster).map((each) => policyUser(each, cluster))
    const isAllowed = owners.every(
      (owner) =>
        owner.apiExport.spec?.maximalPermissionPolicy?.local === undefined ||
        users.some(
          (each) => this.#services.rbac.authorize({ ...attributes, cluster: owner.cluster, user: each }).allowed,
        ),
    )
    return isAllowed ? ALLOWED : denied('access not permitted by maximal permission policy')
  }
}

function isGiven({ types, claims }: Acceptance, { resource, claim }: ServedType, verb: string): boolean {
  // What is ending is created no more (contract 5.6).
  if (claim === undefined) return types.some((each) => each.storage === resource.storage && hasVerb(each, verb))
  const accepted = claims.find((each) => isSameType(each, claim))
  if (accepted === undefined) return false
  // Bindings to the export itself are there for everybody.
  return allowsVerb(accepted, verb) || (resource.storage === API_BINDINGS && READ.includes(verb))
}

function denied(reason: string): Authorization {
  return { allowed: false, denied: true, reason }
}

function hasVerb({ verbs }: Resource, verb: string): boolean {
  return (verbs as readonly string[]).includes(verb)
}
