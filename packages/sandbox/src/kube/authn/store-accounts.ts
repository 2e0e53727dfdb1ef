import type { Store } from '../../store/types.ts'
import type { KubeObject } from '../objects.ts'
import { ParsedEntries } from '../parsed-entries.ts'
import type { AccountLookup } from './service-account-tokens.ts'

/** Looks service accounts and Secrets up in the stores of all shards; a logical cluster is on one of them. */
export function storeAccounts(stores: () => Iterable<Store>): AccountLookup {
  const parsed = new ParsedEntries()
  const read = (resource: string, cluster: string, namespace: string, name: string): KubeObject | undefined => {
    for (const store of stores()) {
      const entry = store.get({ resource, cluster, namespace, name })
      if (entry !== undefined) return parsed.of(entry)
    }
    return undefined
  }
  return {
    serviceAccount: (cluster, namespace, name) => read('serviceaccounts', cluster, namespace, name),
    secret: (cluster, namespace, name) => read('secrets', cluster, namespace, name),
  }
}
