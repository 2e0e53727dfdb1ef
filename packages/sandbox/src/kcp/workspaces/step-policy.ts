import { PolicyIndex, type PolicyRule, type PolicySource } from '../../kube/authz/mod.ts'
import { clusterRole, clusterRoleBinding } from '../authz/mod.ts'
import { logicalClusterIn, splitPath } from '../clusters/mod.ts'
import type { ReplicatedCache } from '../services.ts'
import { INITIALIZERS, stepsLeft, TERMINATORS } from './step-kind.ts'
import type { WorkspaceTypes } from './types.ts'

const ACCESS: PolicyRule = { nonResourceURLs: ['/'], verbs: ['access'] }

/** Gives initializers and terminators what their WorkspaceTypes permit, as long as a logical cluster waits for them (contract 8.3). */
export function stepPolicySource(cache: ReplicatedCache, types: WorkspaceTypes): PolicySource {
  return {
    policy(cluster) {
      const logicalCluster = logicalClusterIn(cache, cluster)?.object
      const kind = [INITIALIZERS, TERMINATORS].find(
        ({ isDue }) => logicalCluster !== undefined && isDue(logicalCluster),
      )
      if (logicalCluster === undefined || kind === undefined) return undefined
      const index = new PolicyIndex()
      for (const step of stepsLeft(kind, logicalCluster)) {
        const { parent, name } = splitPath(step)
        const type = types.find(parent, name)
        const rules = type === undefined ? [] : kind.permissions(type)
        if (rules.length === 0) continue
        const group = kind.groupPrefix + step
        index.set(clusterRole(group, [...rules, ACCESS]))
        index.set(clusterRoleBinding(group, group, 'Group', [group]))
      }
      return index
    },
  }
}
