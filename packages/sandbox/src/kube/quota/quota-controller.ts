import type { StoreEvent } from '../../store/types.ts'
import type { KubeControllerDeps } from '../controllers/deps.ts'
import { Controller, keyOf, parseKey } from '../controllers/mod.ts'
import type { Resource } from '../resource.ts'
import { countedNames } from './counted-names.ts'
import { type Amounts, QUOTAS, type QuotaIndex, type ResourceQuota } from './quota-index.ts'

type Deps = Pick<KubeControllerDeps, 'store' | 'log' | 'catalog' | 'client'> & {
  quotas: QuotaIndex
  /** The type of ResourceQuotas. */
  type: Resource
}

/** Keeps in the status of ResourceQuotas what they allow and what is used of it, as kube-controller-manager does. */
export function quotaController(deps: Deps): Controller {
  return new Controller(deps.store, deps.log, {
    name: 'resource-quotas',
    triggers: [{ resource: QUOTAS }, { resource: '*', keys: (event) => quotasOf(deps, event) }],
    reconcile: (key) => reconcile(deps, key),
  })
}

/** A changed object is counted as before. */
function quotasOf({ quotas }: Deps, { type, entry: { key } }: StoreEvent): string[] {
  if (type === 'MODIFIED' || key.namespace === '') return []
  const { cluster, namespace } = key
  return [...quotas.in(cluster, namespace)].map(({ metadata }) =>
    keyOf({ cluster, namespace, name: metadata.name ?? '' }),
  )
}

function reconcile(deps: Deps, key: string): undefined {
  const { cluster, namespace, name } = parseKey(key)
  deps.client(cluster).modify(
    deps.type,
    namespace,
    name,
    (object) => {
      const { hard = {} } = (object as ResourceQuota).spec ?? {}
      object['status'] = { hard, used: usedOf(deps, { cluster, namespace }, Object.keys(hard)) }
    },
    'status',
  )
}

/** Only of what is known to be counted. */
function usedOf(
  { store, catalog }: Deps,
  { cluster, namespace }: { cluster: string; namespace: string },
  names: readonly string[],
): Amounts {
  const types = catalog.list(cluster)
  return Object.fromEntries(
    names.flatMap((name) => {
      const type = types.find((each) => countedNames(each).includes(name))
      if (type === undefined) return []
      return [[name, String(store.count({ resource: type.storage, cluster, namespace }))]]
    }),
  )
}
