import { MigrationConfiguration, type NextCondition, sameStatus, setCondition } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { isNotFound, readIfThere } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { verdictOn } from '../verdict.ts'

/** Tells each MigrationConfiguration for moves between two kinds how it stands, in its condition Ready. */
export async function judge(context: CoordinatorContext, view: KeyView): Promise<Outcome> {
  const all = [...view.all('configuration').values()]
    .flatMap(({ object }) => object ?? [])
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  await Promise.all(
    all.map((configuration) => report(context, view, configuration, verdictOn(configuration, all, context.staging))),
  )
  return DONE
}

/** Nothing is written where it says so already. @throws {KubeError} `isConflict` where the configuration has changed meanwhile */
async function report(
  context: CoordinatorContext,
  view: KeyView,
  { metadata: { name, resourceVersion }, status }: KubeObject,
  verdict: NextCondition,
): Promise<void> {
  const before = MigrationConfiguration.status.safeParse(status).data?.conditions
  const now = context.now()
  const conditions = setCondition(before, verdict, now)
  if (sameStatus(conditions, before)) return
  const ref = { ...MigrationConfiguration.resource, name }
  const patch = { metadata: { resourceVersion }, status: { conditions } }
  try {
    const object = await context.coordination.mergePatch<KubeObject>(ref, patch, { subresource: 'status' })
    view.learn('configuration', name, { name, object }, now.getTime())
  } catch (error) {
    if (!isNotFound(error) || (await readIfThere(context.coordination, ref)) !== undefined) throw error
    context.logger.info({ configuration: name, err: error }, 'the MigrationConfiguration is gone, and is told nothing')
    return
  }
  const { status: ready, reason, message } = verdict
  context.logger.info({ configuration: name, ready, reason }, message)
}
