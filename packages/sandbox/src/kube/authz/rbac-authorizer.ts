import type { Attributes, Authorization, Authorizer } from '../authorizer.ts'
import { goQuote } from '../go-text.ts'
import type { UserInfo } from '../user.ts'
import { type Grant, mergePolicies, type Policy, type PolicyRule, type PolicySource, type RoleRef } from './policy.ts'
import { ruleAllows } from './rule-match.ts'

/** `errors` name roles that a binding refers to and that do not exist. */
export type ResolvedRules = { rules: PolicyRule[]; errors: string[] }

type Visitor = (rule: PolicyRule, grant: Grant) => boolean

/** RBAC as kube-apiserver evaluates it, over the policy that `sources` give for a logical cluster together. */
export class RbacAuthorizer implements Authorizer {
  readonly #sources: readonly PolicySource[]

  constructor(sources: readonly PolicySource[]) {
    this.#sources = sources
  }

  authorize(attributes: Attributes): Authorization {
    let reason = ''
    const errors = this.#visit(attributes.user, attributes.cluster, attributes.namespace, (rule, grant) => {
      if (!ruleAllows(rule, attributes)) return true
      reason = `RBAC: allowed by ${describe(grant)}`
      return false
    })
    if (reason !== '') return { allowed: true, reason }
    return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` }
  }

  /** All rules that apply to `user` in a namespace, or cluster-wide only where `namespace` is ''. */
  rulesFor(user: UserInfo, cluster: string, namespace: string): ResolvedRules {
    const rules: PolicyRule[] = []
    const errors = this.#visit(user, cluster, namespace, (rule) => rules.push(rule) > 0)
    return { rules, errors }
  }

  /** Rules of the role that a binding in `namespace` refers to; undefined when there is no such role. */
  roleRules(cluster: string, namespace: string, roleRef: RoleRef): readonly PolicyRule[] | undefined {
    return roleRules(this.#policy(cluster), namespace, roleRef)
  }

  #policy(cluster: string): Policy {
    const policies = this.#sources.map((source) => source.policy(cluster))
    return mergePolicies(policies.filter((policy) => policy !== undefined))
  }

  /** Stops when `visitor` says false. Returns what is missing. */
  #visit(user: UserInfo, cluster: string, namespace: string, visitor: Visitor): string[] {
    const policy = this.#policy(cluster)
    const errors: string[] = []
    const visit = (grants: readonly Grant[]) =>
      grants.every((grant) => {
        const { roleRef, namespace: home } = grant.binding
        const rules = roleRules(policy, home, roleRef)
        if (rules === undefined) errors.push(missingRole(roleRef))
        return rules?.every((rule) => visitor(rule, grant)) ?? true
      })
    if (visit(policy.clusterRoleBindings(user)) && namespace !== '') visit(policy.roleBindings(namespace, user))
    return errors
  }
}

/** As kube-apiserver says that a role is not there. */
export function missingRole({ kind, name }: RoleRef): string {
  if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${goQuote(kind)}`
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuote(name)} not found`
}

function roleRules(policy: Policy, namespace: string, { kind, name }: RoleRef): readonly PolicyRule[] | undefined {
  if (kind === 'ClusterRole') return policy.clusterRole(name)
  return kind === 'Role' ? policy.role(namespace, name) : undefined
}

function describe({ binding, subject }: Grant): string {
  const home = subject.namespace === undefined || subject.namespace === '' ? binding.namespace : subject.namespace
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${home}` : subject.name
  const name = binding.kind === 'RoleBinding' ? `${binding.name}/${binding.namespace}` : binding.name
  const { roleRef } = binding
  return `${binding.kind} ${goQuote(name)} of ${roleRef.kind} ${goQuote(roleRef.name)} to ${subject.kind} ${goQuote(who)}`
}

function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)]
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`
}
