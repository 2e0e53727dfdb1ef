import { PolicyIndex, type PolicyRule, type PolicySource } from '../../kube/authz/mod.ts'
import { clusterRole, clusterRoleBinding } from '../authz/mod.ts'
import { logicalClusterIn, splitPath } from '../clusters/mod.ts'
import { INITIALIZER_GROUP_PREFIX } from '../groups.ts'
import type { ReplicatedCache } from '../services.ts'
import { statusOf } from './model.ts'
import type { WorkspaceTypes } from './types.ts'

const ACCESS: PolicyRule = { nonResourceURLs: ['/'], verbs: ['access'] }

/** The group that an initializer is in, in the logical clusters that wait for it. */
export function initializerGroup(initializer: string): string {
  return INITIALIZER_GROUP_PREFIX + initializer
}

/** Gives initializers what their WorkspaceTypes permit, as long as a logical cluster waits for them (contract 8.3). */
export function initializerPolicySource(cache: ReplicatedCache, types: WorkspaceTypes): PolicySource {
  return {
    policy(cluster) {
      const logicalCluster = logicalClusterIn(cache, cluster)?.object
      const { phase, initializers = [] } = logicalCluster === undefined ? {} : statusOf(logicalCluster)
      if (phase !== 'Initializing') return undefined
      const index = new PolicyIndex()
      for (const initializer of initializers) {
        const { parent, name } = splitPath(initializer)
        const rules = types.find(parent, name)?.spec.initializerPermissions
        if (rules === undefined) continue
        const group = initializerGroup(initializer)
        index.set(clusterRole(group, [...rules, ACCESS]))
        index.set(clusterRoleBinding(group, group, 'Group', [group]))
      }
      return index
    },
  }
}
