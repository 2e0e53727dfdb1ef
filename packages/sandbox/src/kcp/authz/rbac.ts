import { MASTERS } from '../../kube/authn/mod.ts'
import type { Attributes, Authorization, Authorizer } from '../../kube/authorizer.ts'
import type { PolicySource } from '../../kube/authz/mod.ts'
import { type PolicyRule, RbacAuthorizer, type ResolvedRules, type RoleRef } from '../../kube/authz/mod.ts'
import type { UserInfo } from '../../kube/user.ts'
import { effectiveUsers } from './effective-users.ts'

/** RBAC of a logical cluster with the bootstrap policy, for a user and all its warrants; system:masters may everything. */
export class ScopedRbac implements Authorizer {
  readonly #rbac: RbacAuthorizer

  constructor(sources: readonly PolicySource[]) {
    this.#rbac = new RbacAuthorizer(sources)
  }

  authorize(attributes: Attributes): Authorization {
    if (attributes.user.groups.includes(MASTERS)) return { allowed: true, reason: '' }
    let reason = ''
    for (const user of effectiveUsers(attributes.user, attributes.cluster)) {
      const answer = this.#rbac.authorize({ ...attributes, user })
      if (answer.allowed) return answer
      if (reason === '') reason = answer.reason
    }
    return { allowed: false, reason }
  }

  /** As RbacAuthorizer.rulesFor, of all whose rights count. */
  rulesFor(user: UserInfo, cluster: string, namespace: string): ResolvedRules {
    return this.#rbac.rulesForAny(effectiveUsers(user, cluster), cluster, namespace)
  }

  /** As RbacAuthorizer.roleRules. */
  roleRules(cluster: string, namespace: string, roleRef: RoleRef): readonly PolicyRule[] | undefined {
    return this.#rbac.roleRules(cluster, namespace, roleRef)
  }
}
