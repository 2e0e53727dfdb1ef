import type { Attributes, Authorization, Authorizer } from '../authorizer.ts'
import { goQuote } from '../go-text.ts'
import type { UserInfo } from '../user.ts'
import { GrantedRules } from './granted-rules.ts'
import type { Binding, Grant, PolicyRule, PolicySource, RoleRef } from './policy.ts'
import { ruleAllows } from './rule-match.ts'

/** `errors` name roles that a binding refers to and that do not exist. */
export type ResolvedRules = { rules: PolicyRule[]; errors: string[] }

/** RBAC as kube-apiserver evaluates it, over the policy that `sources` give for a logical cluster together. */
export class RbacAuthorizer implements Authorizer {
  readonly #granted: GrantedRules

  constructor(sources: readonly PolicySource[]) {
    this.#granted = new GrantedRules(sources)
  }

  authorize(attributes: Attributes): Authorization {
    const { rules, errors } = this.#granted.of(attributes.user, attributes.cluster, attributes.namespace)
    const allowing = rules.find(({ rule }) => ruleAllows(rule, attributes))
    if (allowing !== undefined) return { allowed: true, reason: `RBAC: allowed by ${describe(allowing.grant)}` }
    return { allowed: false, reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` }
  }

  /** All rules that apply to `user` in a namespace, or cluster-wide only where `namespace` is ''. */
  rulesFor(user: UserInfo, cluster: string, namespace: string): ResolvedRules {
    return this.rulesForAny([user], cluster, namespace)
  }

  /** As `rulesFor`, of several users together: what a binding gives to more than one of them is there once. */
  rulesForAny(users: readonly UserInfo[], cluster: string, namespace: string): ResolvedRules {
    const granted = users.map((user) => this.#granted.of(user, cluster, namespace))
    const seen = new Set<Binding>()
    const rules = granted.flatMap((each) => {
      const unseen = each.rules.filter(({ grant }) => !seen.has(grant.binding))
      for (const { grant } of unseen) seen.add(grant.binding)
      return unseen.map(({ rule }) => rule)
    })
    return { rules, errors: [...new Set(granted.flatMap(({ errors }) => errors))] }
  }

  /** Rules of the role that a binding in `namespace` refers to; undefined when there is no such role. */
  roleRules(cluster: string, namespace: string, roleRef: RoleRef): readonly PolicyRule[] | undefined {
    return this.#granted.ofRole(cluster, namespace, roleRef)
  }
}

/** Grants never change, and some are told of with nearly every request. */
const descriptions = new WeakMap<Grant, string>()

function describe(grant: Grant): string {
  const known = descriptions.get(grant) ?? description(grant)
  descriptions.set(grant, known)
  return known
}

function description({ binding, subject }: Grant): string {
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
