import { Assignment, statusEdit } from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { isConflict, isNotFound, readIfThere } from '@resource-broker/kube'
import type { SchedulerContext } from '../context.ts'

/**
 * Changes an Assignment as it was seen, and no other version of it. Where it has changed since, what it is now is learned before the
 * refusal is thrown, so that the next look decides by that. @throws {KubeError} as the API server refuses.
 */
export async function editAssignment(
  context: SchedulerContext,
  seen: Assignment,
  patch: { spec?: object; status?: object },
  view: KeyView,
): Promise<void> {
  const { name, uid, resourceVersion } = seen.metadata
  const { coordination } = context.clusters
  const learn = (object: KubeObject | null) =>
    view.learn('assignment', undefined, { name, object }, context.now().getTime())
  try {
    const metadata = { uid, resourceVersion }
    const body = { metadata, ...patch, ...(patch.status && { status: statusEdit(seen, patch.status) }) }
    learn(await coordination.mergePatch<KubeObject>({ ...Assignment.resource, name }, body))
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) {
      learn((await readIfThere<KubeObject>(coordination, { ...Assignment.resource, name })) ?? null)
    }
    throw error
  }
}
