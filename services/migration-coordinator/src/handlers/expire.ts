import { Migration } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { isNotFound } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { readMigration } from './surroundings.ts'

/** When a Migration was first seen to have ended, by its uid, in milliseconds of the broker's own clock. */
export type EndsSeen = Map<string, number>

/** Removes a Migration that ended long enough ago. Returns how long it stays yet, in milliseconds. */
export async function expire(
  context: CoordinatorContext,
  view: KeyView,
  name: string,
  seen: EndsSeen,
): Promise<number> {
  const migration = readMigration(view, name)
  const end = migration?.status?.completionTime
  if (migration === undefined || end === undefined) return Number.POSITIVE_INFINITY
  const { uid = '' } = migration.metadata
  const now = context.now().getTime()
  // Another replica's clock wrote the end: one that is ahead does not keep it for longer.
  const since = seen.get(uid) ?? now
  seen.set(uid, since)
  const ended = Math.min(Date.parse(end), since)
  const left = ended + context.keepMs - now
  if (left > 0) return left
  seen.delete(uid)
  await context.coordination.delete({ ...Migration.resource, name }).catch((err: unknown) => {
    if (!isNotFound(err)) throw err
    context.logger.info({ migration: name, err }, 'the Migration that was to be removed is gone already')
  })
  return Number.POSITIVE_INFINITY
}
