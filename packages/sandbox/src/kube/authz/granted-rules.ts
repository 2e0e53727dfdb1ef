import { LRUCache } from 'lru-cache'
import { goQuote } from '../go-text.ts'
import type { UserInfo } from '../user.ts'
import {
  type Grant,
  generationOf,
  mergePolicies,
  type Policy,
  type PolicyRule,
  type PolicySource,
  type RoleRef,
} from './policy.ts'

/** Rules that apply to a user, each with the grant that it comes by; `errors` name roles that are referred to and do not exist. */
export type Granted = {
  readonly rules: readonly { readonly rule: PolicyRule; readonly grant: Grant }[]
  readonly errors: readonly string[]
}

/** What was found and for whom, and the policies that it was found in, as they were. */
type Known = { granted: Granted; user: UserInfo; policies: readonly Policy[]; generation: number }

const MAX_KNOWN = 4_096

/**
 * The rules that apply to users, found once: most questions come from few users, and are about the same few logical clusters. They rest
 * on the policies that count in a logical cluster and on nothing else: once one of these changes, comes or goes, they are found anew.
 */
export class GrantedRules {
  readonly #sources: readonly PolicySource[]
  /**
   * By `<cluster>|<namespace>|<user name>`; whoever has this name with other groups takes the place. No logical
   * cluster has a `|` in its name, and the user is compared, so nothing else is found by the same key.
   */
  readonly #known = new LRUCache<string, Known>({ max: MAX_KNOWN })

  constructor(sources: readonly PolicySource[]) {
    this.#sources = sources
  }

  /** In a namespace, or cluster-wide only where `namespace` is ''. Shared, never to be changed. */
  of(user: UserInfo, cluster: string, namespace: string): Granted {
    const policies = this.#policies(cluster)
    const key = `${cluster}|${namespace}|${user.username}`
    const known = this.#known.get(key)
    if (known !== undefined && isCurrent(known, policies) && isSameUser(known.user, user)) return known.granted
    const granted = find(mergePolicies(policies), user, namespace)
    this.#known.set(key, { granted, user, policies, generation: generationOf(policies) })
    return granted
  }

  /** Rules of the role that a binding in `namespace` refers to; undefined when there is no such role. */
  ofRole(cluster: string, namespace: string, roleRef: RoleRef): readonly PolicyRule[] | undefined {
    return roleRules(mergePolicies(this.#policies(cluster)), namespace, roleRef)
  }

  #policies(cluster: string): Policy[] {
    const policies: Policy[] = []
    for (const source of this.#sources) {
      const policy = source.policy(cluster)
      if (policy !== undefined) policies.push(policy)
    }
    return policies
  }
}

function isCurrent({ policies, generation }: Known, now: readonly Policy[]): boolean {
  return areEqual(policies, now) && generation === generationOf(now)
}

/** As far as bindings can name a user. */
function isSameUser(a: UserInfo, b: UserInfo): boolean {
  return a.username === b.username && areEqual(a.groups, b.groups)
}

function areEqual(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((each, i) => each === b[i]))
}

function find(policy: Policy, user: UserInfo, namespace: string): Granted {
  const inNamespace = namespace === '' ? [] : policy.roleBindings(namespace, user)
  const rules: Granted['rules'][number][] = []
  const errors: string[] = []
  for (const grant of [...policy.clusterRoleBindings(user), ...inNamespace]) {
    const { roleRef, namespace: home } = grant.binding
    const found = roleRules(policy, home, roleRef)
    if (found === undefined) errors.push(missingRole(roleRef))
    else for (const rule of found) rules.push({ rule, grant })
  }
  return { rules, errors }
}

function roleRules(policy: Policy, namespace: string, { kind, name }: RoleRef): readonly PolicyRule[] | undefined {
  if (kind === 'ClusterRole') return policy.clusterRole(name)
  return kind === 'Role' ? policy.role(namespace, name) : undefined
}

/** As kube-apiserver says that a role is not there. */
export function missingRole({ kind, name }: RoleRef): string {
  if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${goQuote(kind)}`
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuote(name)} not found`
}
