import { MigrationConfiguration, type NextCondition } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { tellConditions, together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { verdictOn } from '../verdict.ts'

/** Tells each MigrationConfiguration for moves between two kinds how it stands, in its condition Ready. */
export async function judge(context: CoordinatorContext, view: KeyView): Promise<Outcome> {
  const all = [...view.all('configuration').values()]
    .flatMap(({ object }) => object ?? [])
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  await together(
    all.map((configuration) => report(context, view, configuration, verdictOn(configuration, all, context.staging))),
  )
  return DONE
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
