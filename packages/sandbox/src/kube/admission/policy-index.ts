import type { Entry, Store, StoreEvent } from '../../store/types.ts'
import { parseOwnJson } from '../json.ts'
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
  readonly #policies = new Map<string, Map<string, Policy | CompiledPolicy>>()
  readonly #bindings = new Map<string, Map<string, Binding>>()
  readonly #ends: (() => void)[]

  constructor(store: Store) {
    this.#ends = [
      follow(store, POLICIES, this.#policies, (entry) => parseOwnJson<Policy>(entry.bytes)),
      follow(store, BINDINGS, this.#bindings, (entry) => parseOwnJson<Binding>(entry.bytes)),
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

/** Keeps what `parse` makes of each object of a type, by cluster and name. Answers what ends it. */
function follow<T>(store: Store, resource: string, into: Map<string, Map<string, T>>, parse: (entry: Entry) => T) {
  const learn = (entry: Entry) => {
    const { cluster, name } = entry.key
    const known = into.get(cluster) ?? new Map<string, T>()
    into.set(cluster, known.set(name, parse(entry)))
  }
  const forget = ({ key: { cluster, name } }: Entry) => {
    const known = into.get(cluster)
    known?.delete(name)
    if (known?.size === 0) into.delete(cluster)
  }
  const { entries, revision } = store.list({ resource })
  for (const entry of entries) learn(entry)
  return store.watch({ resource }, revision, ({ type, entry }: StoreEvent) =>
    type === 'DELETED' ? forget(entry) : learn(entry),
  )
}
