import type { StoreEvent } from '../../store/types.ts'
import { deepEqual } from '../json.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import { labelSelectorMatches } from '../selectors/mod.ts'
import { Controller } from './controller.ts'
import type { KubeControllerDeps } from './deps.ts'
import { keyOf, parseKey } from './types.ts'

type ClusterRole = KubeObject & { aggregationRule?: { clusterRoleSelectors?: JsonObject[] }; rules?: JsonObject[] }

/** Fills ClusterRoles that say so with the rules of those that they select. */
export function clusterRoleAggregation(deps: KubeControllerDeps): Controller {
  const { clusterRoles } = deps.types
  const keys = ({ entry }: StoreEvent) =>
    aggregating(deps, entry.key.cluster).map(({ metadata }) => keyOf({ ...entry.key, name: metadata.name ?? '' }))
  return new Controller(deps.store, deps.log, {
    name: 'cluster-role-aggregation',
    triggers: [{ resource: clusterRoles.storage, keys }],
    reconcile: (key) => reconcile(deps, key),
  })
}

function aggregating({ types, client }: KubeControllerDeps, cluster: string): ClusterRole[] {
  const roles = client(cluster).list(types.clusterRoles) as ClusterRole[]
  return roles.filter(({ aggregationRule }) => aggregationRule !== undefined)
}

function reconcile({ types, client: clientOf }: KubeControllerDeps, key: string): undefined {
  const { cluster, name } = parseKey(key)
  const client = clientOf(cluster)
  const roles = client.list(types.clusterRoles) as ClusterRole[]
  const selectors = roles.find(({ metadata }) => metadata.name === name)?.aggregationRule?.clusterRoleSelectors ?? []
  if (selectors.length === 0) return undefined
  const rules: JsonObject[] = []
  for (const selector of selectors) {
    for (const role of roles) {
      if (role.metadata.name === name || !labelSelectorMatches(selector, role.metadata.labels)) continue
      for (const rule of role.rules ?? []) if (!rules.some((each) => deepEqual(each, rule))) rules.push(rule)
    }
  }
  client.modify(types.clusterRoles, '', name, (role) => {
    if (!deepEqual((role as ClusterRole).rules ?? [], rules)) role['rules'] = rules
  })
  return undefined
}
