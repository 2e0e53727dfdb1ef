import { isMoveOf, Migration } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { type EventNote, recordEvent } from '@resource-broker/service'
import type { SyncerContext } from '../context.ts'
import { type Current, isAssigned, isCurrent, type Known } from '../facts/known.ts'
import { newsOf } from '../plan/news-of.ts'

/** Milliseconds for which the end of a move is news to a replica that has heard of the move for the first time. */
const NEWS_MS = 60_000

/**
 * Tells at the consumer's object each turn of its moves, once: a replica that takes the object over tells the last one again, which is
 * the same Event. Nothing waits for that, and one that cannot be recorded keeps nobody from going on.
 */
export function tellMoves(context: SyncerContext, known: Known, view: KeyView): void {
  const { clusters, moves, logger } = context
  const { key } = known
  if (!isAssigned(known) || !isCurrent(known)) return void moves.delete(key)
  const before = moves.get(key)
  const now = new Map<string, string>()
  for (const { object } of view.all('migration').values()) {
    const migration = object === null ? undefined : Migration.of(object)
    if (migration === undefined || !isMoveOf(migration, known.assignment)) continue
    const { uid = '' } = migration.metadata
    const news = newsOf(migration)
    if (news === undefined) continue
    now.set(uid, news.reason)
    const told = before?.get(uid)
    if (told === news.reason || (told === undefined && isOld(migration, clusters.coordination.now()))) continue
    tell(context, known, uid, news).catch((err: unknown) => {
      logger.warn({ key, migration: migration.metadata.name, err }, 'an Event could not be recorded')
    })
  }
  if (now.size > 0) moves.set(key, now)
  else moves.delete(key)
}

const isOld = ({ status }: Migration, now: Date): boolean =>
  status?.completionTime !== undefined && now.getTime() - Date.parse(status.completionTime) > NEWS_MS

async function tell(
  { clusters, now }: SyncerContext,
  { ref, source }: Current,
  of: string,
  news: Pick<EventNote, 'type' | 'reason' | 'message'>,
): Promise<void> {
  await recordEvent(clusters.consumers.client(ref), source, { ...news, of: `${of}/${news.message}`, now: now() })
}
