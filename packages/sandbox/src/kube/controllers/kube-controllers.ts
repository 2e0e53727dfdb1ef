import { clusterRoleAggregation } from './cluster-role-aggregation.ts'
import type { Controller } from './controller.ts'
import type { KubeControllerDeps } from './deps.ts'
import { garbageCollector } from './garbage/garbage-collector.ts'
import { namespaceDefaults } from './namespaces/namespace-defaults.ts'
import { namespaceController } from './namespaces/namespaces.ts'
import { tokenController } from './service-accounts/token-controller.ts'

/** Kubernetes' own controllers, over all logical clusters of a store; not started yet. */
export function kubeControllers(deps: KubeControllerDeps): Controller[] {
  return [
    garbageCollector(deps),
    namespaceController(deps),
    namespaceDefaults(deps),
    tokenController(deps),
    clusterRoleAggregation(deps),
  ]
}
