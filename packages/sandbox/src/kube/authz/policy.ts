import type { KubeObject } from '../objects.ts'
import type { UserInfo } from '../user.ts'

/** As in `rules` of a Role or ClusterRole. */
export type PolicyRule = {
  verbs: readonly string[]
  apiGroups?: readonly string[]
  resources?: readonly string[]
  resourceNames?: readonly string[]
  nonResourceURLs?: readonly string[]
}

export type RoleRef = { apiGroup?: string; kind: string; name: string }
export type Subject = { kind: string; apiGroup?: string; name: string; namespace?: string }

/** A RoleBinding or ClusterRoleBinding; `namespace` is '' of the latter. */
export type Binding = {
  kind: 'RoleBinding' | 'ClusterRoleBinding'
  namespace: string
  name: string
  roleRef: RoleRef
  subjects: readonly Subject[]
}

/** A binding and the subject by which it applies to somebody. */
export type Grant = { binding: Binding; subject: Subject }

/** The RBAC objects that count in one logical cluster, from one source. */
export interface Policy {
  /** Grows with each change of what the policy says. */
  readonly generation: number
  /** Rules of a ClusterRole, undefined when there is none. */
  clusterRole(name: string): readonly PolicyRule[] | undefined
  role(namespace: string, name: string): readonly PolicyRule[] | undefined
  clusterRoleBindings(user: UserInfo): readonly Grant[]
  roleBindings(namespace: string, user: UserInfo): readonly Grant[]
}

/** Gives the policy of each logical cluster; undefined where it has nothing to say. */
export interface PolicySource {
  policy(cluster: string): Policy | undefined
}

const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:'

/** RBAC objects in memory, found by the users and groups that they name. */
export class PolicyIndex implements Policy {
  readonly #clusterRoles = new Map<string, readonly PolicyRule[]>()
  readonly #roles = new Map<string, readonly PolicyRule[]>()
  /** Bindings by `<kind>/<namespace>/<name>`. */
  readonly #bindings = new Map<string, Binding>()
  /** Grants by `<namespace>|<subject>`, then by name of the binding. */
  readonly #grants = new Map<string, Map<string, Grant>>()
  #generation = 0

  get generation(): number {
    return this.#generation
  }

  get isEmpty(): boolean {
    return this.#clusterRoles.size + this.#roles.size + this.#bindings.size === 0
  }

  /** Takes a Role, ClusterRole, RoleBinding or ClusterRoleBinding, instead of the one with its name. */
  set(object: KubeObject): void {
    this.#generation++
    const { kind, metadata } = object
    const namespace = metadata.namespace ?? ''
    const name = metadata.name ?? ''
    this.delete(kind, namespace, name)
    if (kind === 'ClusterRole') this.#clusterRoles.set(name, rulesOf(object))
    else if (kind === 'Role') this.#roles.set(`${namespace}/${name}`, rulesOf(object))
    else if (kind === 'RoleBinding' || kind === 'ClusterRoleBinding') {
      const roleRef = object['roleRef'] as RoleRef
      const subjects = (object['subjects'] as Subject[] | null | undefined) ?? []
      this.#bind({ kind, namespace, name, roleRef, subjects })
    }
  }

  /** Forgets an object; one that is not known is no error. */
  delete(kind: string, namespace: string, name: string): void {
    this.#generation++
    if (kind === 'ClusterRole') this.#clusterRoles.delete(name)
    else if (kind === 'Role') this.#roles.delete(`${namespace}/${name}`)
    else this.#unbind(`${kind}/${namespace}/${name}`)
  }

  clusterRole(name: string): readonly PolicyRule[] | undefined {
    return this.#clusterRoles.get(name)
  }

  role(namespace: string, name: string): readonly PolicyRule[] | undefined {
    return this.#roles.get(`${namespace}/${name}`)
  }

  clusterRoleBindings(user: UserInfo): readonly Grant[] {
    return this.#granted('', user)
  }

  roleBindings(namespace: string, user: UserInfo): readonly Grant[] {
    return this.#granted(namespace, user)
  }

  #granted(namespace: string, user: UserInfo): readonly Grant[] {
    if (this.#bindings.size === 0) return []
    const found = new Map<string, Grant>()
    for (const key of subjectKeysOf(user)) {
      const grants = this.#grants.get(`${namespace}|${key}`)
      if (grants === undefined) continue
      for (const [name, grant] of grants) if (!found.has(name)) found.set(name, grant)
    }
    return [...found.values()]
  }

  #bind(binding: Binding): void {
    this.#bindings.set(`${binding.kind}/${binding.namespace}/${binding.name}`, binding)
    for (const subject of binding.subjects) {
      const key = `${binding.namespace}|${subjectKey(subject, binding.namespace)}`
      let grants = this.#grants.get(key)
      if (grants === undefined) {
        grants = new Map()
        this.#grants.set(key, grants)
      }
      if (!grants.has(binding.name)) grants.set(binding.name, { binding, subject })
    }
  }

  #unbind(id: string): void {
    const binding = this.#bindings.get(id)
    if (binding === undefined) return
    this.#bindings.delete(id)
    for (const subject of binding.subjects) {
      const key = `${binding.namespace}|${subjectKey(subject, binding.namespace)}`
      const grants = this.#grants.get(key)
      grants?.delete(binding.name)
      if (grants?.size === 0) this.#grants.delete(key)
    }
  }
}

/** That of several policies together: grows with each change of one of them. */
export function generationOf(policies: readonly Policy[]): number {
  let sum = 0
  for (const { generation } of policies) sum += generation
  return sum
}

/** A policy that holds what each of `policies` holds; of two roles with one name the first counts. */
export function mergePolicies(policies: readonly Policy[]): Policy {
  if (policies.length === 1) return policies[0]!
  const first = <T>(find: (policy: Policy) => T | undefined): T | undefined => {
    for (const policy of policies) {
      const found = find(policy)
      if (found !== undefined) return found
    }
    return undefined
  }
  return {
    get generation() {
      return generationOf(policies)
    },
    clusterRole: (name) => first((policy) => policy.clusterRole(name)),
    role: (namespace, name) => first((policy) => policy.role(namespace, name)),
    clusterRoleBindings: (user) => policies.flatMap((policy) => policy.clusterRoleBindings(user)),
    roleBindings: (namespace, user) => policies.flatMap((policy) => policy.roleBindings(namespace, user)),
  }
}

function rulesOf(object: KubeObject): readonly PolicyRule[] {
  return (object['rules'] as PolicyRule[] | null | undefined) ?? []
}

/** A service account without a namespace is meant in the namespace of its binding. */
function subjectKey(subject: Subject, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind}:${subject.name}`
  const home = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace
  return home === '' ? '' : `ServiceAccount:${home}:${subject.name}`
}

function* subjectKeysOf(user: UserInfo): Iterable<string> {
  yield `User:${user.username}`
  if (user.username.startsWith(SERVICE_ACCOUNT_PREFIX)) {
    yield `ServiceAccount:${user.username.slice(SERVICE_ACCOUNT_PREFIX.length)}`
  }
  for (const group of user.groups) yield `Group:${group}`
}
