import { Migration } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { isNotFound } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { sinceWhen } from '../plan/since-when.ts'
import { readMigration } from './surroundings.ts'
import type { TimesSeen } from './times-seen.ts'

/** Removes a Migration that ended long enough ago. Returns how long it stays yet, in milliseconds. */
export async function expire(
  context: CoordinatorContext,
  view: KeyView,
  name: string,
  times: TimesSeen,
): Promise<number> {
  const migration = readMigration(view, name)
  const end = migration?.status?.completionTime
  if (migration === undefined || end === undefined) return Number.POSITIVE_INFINITY
  const now = context.now()
  const left = sinceWhen(end, { seen: times.get(name) ?? new Map(), now }) + context.keepMs - now.getTime()
  if (left > 0) return left
  times.delete(name)
  await context.coordination.delete({ ...Migration.resource, name }).catch((err: unknown) => {
    if (!isNotFound(err)) throw err
    context.logger.info({ migration: name, err }, 'the Migration that was to be removed is gone already')
  })
  return Number.POSITIVE_INFINITY
}
