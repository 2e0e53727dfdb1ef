import { MigrationConfiguration, type NextCondition } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { tellConditions, together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { KIND_NOT_SERVED, verdictOn } from '../verdict.ts'

/** When the compute cluster is asked again whether it serves what stages deploy: nothing tells when it does. */
const UNSERVED: Outcome = { requeueAfterMs: 30_000, reason: 'the compute cluster does not serve what stages deploy' }

/** Tells each MigrationConfiguration for moves between two kinds how it stands, in its condition Ready. */
export async function judge(context: CoordinatorContext, view: KeyView): Promise<Outcome> {
  const all = [...view.all('configuration').values()]
    .flatMap(({ object }) => object ?? [])
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const judged = all.map(async (configuration) => {
    const verdict = await verdictOn(configuration, all, context.staging)
    await report(context, view, configuration, verdict)
    return verdict
  })
  return (await together(judged)).some(({ reason }) => reason === KIND_NOT_SERVED) ? UNSERVED : DONE
}

/** Nothing is written where it says so already. @throws {KubeError} `isConflict` where the configuration has changed meanwhile */
async function report(
  context: CoordinatorContext,
  view: KeyView,
  configuration: KubeObject,
  verdict: NextCondition,
): Promise<void> {
  const { name } = configuration.metadata
  const around = { client: context.coordination, logger: context.logger }
  const now = context.now()
  const object = await tellConditions(around, MigrationConfiguration, configuration, [verdict], now)
  if (object === undefined) return
  view.learn('configuration', name, { name, object }, now.getTime())
  const { status: ready, reason, message } = verdict
  context.logger.info({ configuration: name, ready, reason }, message)
}
