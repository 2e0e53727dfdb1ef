import { PolicyIndex, type PolicyRule, type PolicySource } from '../../kube/authz/mod.ts'
import { clusterRole, clusterRoleBinding } from '../bootstrap/policy.ts'
import { splitPath } from '../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME } from '../names.ts'
import type { ReplicatedCache } from '../shards/types.ts'
import { statusOf } from './model.ts'
import type { WorkspaceTypes } from './types.ts'

const GROUP_PREFIX = 'system:kcp:initializer:'
const ACCESS: PolicyRule = { nonResourceURLs: ['/'], verbs: ['access'] }

/** The group that an initializer is in, in the logical clusters that wait for it. */
export function initializerGroup(initializer: string): string {
  return GROUP_PREFIX + initializer
}

/** Gives initializers what their WorkspaceTypes permit, as long as a logical cluster waits for them (contract 8.3). */
export function initializerPolicySource(cache: ReplicatedCache, types: WorkspaceTypes): PolicySource {
  return {
    policy(cluster) {
      const logicalCluster = cache.get('logicalclusters.core.kcp.io', cluster, LOGICAL_CLUSTER_NAME)?.object
      const { phase, initializers = [] } = logicalCluster === undefined ? {} : statusOf(logicalCluster)
      if (phase !== 'Initializing') return undefined
      const index = new PolicyIndex()
      for (const initializer of initializers) {
        const { parent, name } = splitPath(initializer)
        const rules = types.find(parent, name)?.spec.initializerPermissions
        if (rules === undefined) continue
        const group = initializerGroup(initializer)
        index.set(clusterRole(group, [...rules, ACCESS]))
        index.set(clusterRoleBinding(group, group, [group]))
      }
      return index
    },
  }
}
