import type { DecisionMessage, KeyView } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'

/** Tells the syncer which provider may take the generation that was looked at; says nothing twice. */
export async function announce(
  context: SchedulerContext,
  known: Known,
  sourceVersion: string,
  provider: string | null,
  view: KeyView,
): Promise<void> {
  const { uid, generation } = known.object
  const before = view.get('decision')
  const same = before?.uid === uid && before.generation === generation && before.provider === provider
  if (same && before.sourceVersion === sourceVersion) return
  const message: DecisionMessage = { uid, generation, sourceVersion, provider }
  view.learn('decision', undefined, message, context.now().getTime())
  if (same && BigInt(before.sourceVersion) >= BigInt(sourceVersion)) return
  await context.bus.publish({ part: 'decision', key: known.key, message })
}
