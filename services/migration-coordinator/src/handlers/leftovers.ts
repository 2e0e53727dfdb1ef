import { Assignment, Migration, migrationsOf, statusEdit } from '@resource-broker/api'
import { DONE, type KeyView, type KubeObject, type Outcome } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import { leftoversOf, recordAfter } from '../plan/leftovers.ts'

/** How long the word of a Migration may be behind that of its Assignment before the platform is asked. */
const GRACE_MS = 2_000

/**
 * Takes copies off an Assignment that no running Migration accounts for: one that ended without knowing of them, or that somebody
 * deleted in the middle. Not heard of is not gone, so the platform is asked first. @returns undefined if there are none.
 */
export async function removeLeftovers(
  context: CoordinatorContext,
  view: KeyView,
  attempt: number,
): Promise<Outcome | undefined> {
  const known = view.get('assignment')?.object
  if (known === undefined || known === null) return undefined
  const heard = [...view.all('migration').values()].flatMap(({ object }) => (object === null ? [] : [object]))
  if (leftoversOf(Assignment.of(known), heard.map(Migration.of)).length === 0) return undefined
  if (attempt === 1) return { requeueAfterMs: GRACE_MS, reason: 'a copy is asked for without a Migration' }
  const { name } = known.metadata
  const [assignment, migrations] = await together([
    readIfThere<KubeObject>(context.coordination, { ...Assignment.resource, name }),
    context.coordination.list<KubeObject>({ ...Migration.resource }),
  ])
  if (assignment === undefined) return DONE // its message is on the way
  const record = Assignment.of(assignment)
  const { copies = [] } = record.spec
  const leftovers = leftoversOf(record, migrationsOf(name, migrations.items).map(Migration.of))
  if (leftovers.length === 0) return DONE
  const left = copies.filter((copy) => !leftovers.includes(copy))
  const { uid, resourceVersion } = assignment.metadata
  const spec = { copies: left.length > 0 ? left : null }
  const said = recordAfter(record, spec)
  const status = said && { status: statusEdit(record, { copies: said }) }
  const patch = { metadata: { uid, resourceVersion }, spec, ...status }
  const object = await context.coordination.mergePatch<KubeObject>({ ...Assignment.resource, name }, patch)
  view.learn('assignment', undefined, { name, object }, context.now().getTime())
  context.logger.warn({ assignment: name, leftovers }, 'copies that no Migration accounts for are taken back')
  return DONE
}
