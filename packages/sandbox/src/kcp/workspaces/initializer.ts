import type { KubeObject } from '../../kube/objects.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import { logicalClusters } from '../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME } from '../names.ts'
import { setStatus, statusOf } from './model.ts'
import { INITIALIZERS, waitsForStep } from './step-kind.ts'

/** Whether a logical cluster is Initializing and has that initializer left. */
export function waitsFor(logicalCluster: KubeObject | undefined, initializer: string): boolean {
  return waitsForStep(INITIALIZERS, logicalCluster, initializer)
}

/** Takes an initializer away. */
export function finishInitializer(client: LocalClient, initializer: string): void {
  const without = (object: KubeObject) => {
    const left = (statusOf(object).initializers ?? []).filter((each) => each !== initializer)
    setStatus(object, { initializers: left.length === 0 ? undefined : left })
  }
  client.modify(logicalClusters, '', LOGICAL_CLUSTER_NAME, without, 'status')
}
