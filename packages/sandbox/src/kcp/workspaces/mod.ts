import type { Controller } from '../../kube/controllers/mod.ts'
import type { ShardServices } from '../services.ts'
import { defaultBindings } from './default-bindings.ts'
import { logicalClusterController } from './logical-cluster-controller.ts'
import type { WorkspaceTypes } from './types.ts'
import { universalInitializer } from './universal-initializer.ts'
import { workspaceController } from './workspace-controller.ts'
import { workspaceTypeController } from './workspace-type-controller.ts'

export { workspaceAdmission } from './admission.ts'
export { asksForHome, homeWorkspace } from './home.ts'
export { logicalClusterSpec } from './model.ts'
export { INITIALIZERS, type StepKind, stepsLeft, TERMINATORS, waitsForStep } from './step-kind.ts'
export { stepPolicySource } from './step-policy.ts'
export { workspaceTypeAdmission } from './type-admission.ts'
export { type WorkspaceType, WorkspaceTypes } from './types.ts'

/** All that moves workspaces and logical clusters on; not started yet. `close` ends what follows the cache. */
export function workspaceControllers(
  services: ShardServices,
  types: WorkspaceTypes,
): { controllers: Controller[]; close: () => void } {
  const following = [
    workspaceController(services, types),
    workspaceTypeController(services),
    defaultBindings(services, types),
  ]
  return {
    controllers: [
      ...following.map(({ controller }) => controller),
      logicalClusterController(services),
      universalInitializer(services),
    ],
    close: () => {
      for (const { stop } of following) stop()
    },
  }
}
