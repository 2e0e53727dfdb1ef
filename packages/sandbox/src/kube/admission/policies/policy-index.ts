import type { Store } from '../../../store/types.ts'
import { parseOwnJson } from '../../json.ts'
import { type ByCluster, followObjects } from '../follow-objects.ts'
import { type Binding, CompiledPolicy, type Policy } from './policy.ts'

const POLICIES = 'validatingadmissionpolicies'
const BINDINGS = 'validatingadmissionpolicybindings'

/** Where policies are found by the logical cluster that they are in. */
export interface BoundPolicies {
  /** Each binding with its policy, where that is there; in the order of the bindings' creation. */
  bound(cluster: string): { policy: CompiledPolicy; binding: Binding }[]
}

/** The policies and bindings of each logical cluster, as they are this moment; a policy is compiled when it is first asked for. */
export class PolicyIndex implements BoundPolicies {
  readonly #policies: ByCluster<Policy | CompiledPolicy> = new Map()
  readonly #bindings: ByCluster<Binding> = new Map()
  readonly #ends: (() => void)[]

  constructor(store: Store) {
    this.#ends = [
      followObjects(store, POLICIES, this.#policies, (entry) => parseOwnJson<Policy>(entry.bytes)),
      followObjects(store, BINDINGS, this.#bindings, (entry) => parseOwnJson<Binding>(entry.bytes)),
    ]
  }

  bound(cluster: string): { policy: CompiledPolicy; binding: Binding }[] {
    const bindings = this.#bindings.get(cluster)
    if (bindings === undefined) return []
    return [...bindings.values()].flatMap((binding) => {
      const policy = this.#compiled(cluster, binding.spec.policyName)
      return policy === undefined ? [] : [{ policy, binding }]
    })
  }

  close(): void {
    for (const end of this.#ends) end()
  }

  #compiled(cluster: string, name: string): CompiledPolicy | undefined {
    const policies = this.#policies.get(cluster)
    const policy = policies?.get(name)
    if (policy === undefined || policy instanceof CompiledPolicy) return policy
    const made = new CompiledPolicy(policy)
    policies?.set(name, made)
    return made
  }
}
