import { Migration } from '@resource-broker/api'
import type { KeyView } from '@resource-broker/bus'
import { isConflict, isNotFound } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import { readMigration } from './surroundings.ts'

/** Removes a Migration that ended long enough ago. Returns how long it stays yet, in milliseconds. */
export async function expire(context: CoordinatorContext, view: KeyView, name: string): Promise<number> {
  const migration = readMigration(view, name)
  const end = migration?.status?.completionTime
  if (migration === undefined || end === undefined) return Number.POSITIVE_INFINITY
  const left = Date.parse(end) + context.keepMs - context.now().getTime()
  if (left > 0) return left
  const { uid, resourceVersion } = migration.metadata
  await context.coordination.delete({ ...Migration.resource, name }, { uid, resourceVersion }).catch((err: unknown) => {
    if (!isNotFound(err) && !isConflict(err)) throw err
    context.logger.info({ migration: name, err }, 'the Migration that was to be removed changed, or is gone already')
  })
  return Number.POSITIVE_INFINITY
}
