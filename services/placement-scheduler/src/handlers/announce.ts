import { type DecisionMessage, isOvertaken, type KeyView, OvertakenError } from '@resource-broker/bus'
import type { SchedulerContext } from '../context.ts'
import type { Known } from '../known.ts'

/**
 * Tells the syncer which provider may take the generation that was looked at; says nothing twice. `sourceVersion` is news only where
 * the finalizer was put just now: a snapshot that shows it needs no word of when it was.
 * @throws {OvertakenError} if another replica said something since: it is known then, and all is to be decided again.
 */
export async function announce(
  context: SchedulerContext,
  known: Known,
  sourceVersion: string,
  provider: string | null,
  view: KeyView,
): Promise<void> {
  const { uid, generation } = known.object
  const before = view.get('decision')
  if (before !== known.decision) throw new OvertakenError(`the decision of ${known.key} changed while it was made`)
  const isSame = before?.uid === uid && before.generation === generation && before.provider === provider
  const isShown = sourceVersion === known.source.metadata.resourceVersion
  if (isSame && (isShown || BigInt(before.sourceVersion) >= BigInt(sourceVersion))) return
  const message: DecisionMessage = { uid, generation, sourceVersion, provider }
  const after = view.sequence('decision')
  view.learn('decision', undefined, message, context.now().getTime())
  try {
    view.published(
      'decision',
      undefined,
      await context.bus.publish({ part: 'decision', key: known.key, message, after }),
    )
  } catch (error) {
    if (isOvertaken(error)) await context.bus.refresh(view, 'decision', known.key)
    throw error
  }
}
