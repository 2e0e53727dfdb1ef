import {
  type Assignment,
  configurationMistakes,
  configurationsFor,
  type GVK,
  isFor,
  keyOfAssignment,
  type Migration,
  MigrationConfiguration,
  Provider,
  providerName,
  type WhenSees,
  whenOf,
} from '@resource-broker/api'
import type { KeyView, KubeObject } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import { together } from '@resource-broker/service'
import type { CoordinatorContext } from '../context.ts'
import type { Surroundings } from '../plan/step.ts'
import { kindsOf } from '../verdict.ts'
import { isMissing } from './copies-of.ts'

/**
 * The MigrationConfiguration that counts for a move, if there is one. It must not be passed over, its stages may carry the data,
 * whatever is wrong with it; so the platform is asked.
 */
export async function matchingConfiguration(
  context: CoordinatorContext,
  migration: Migration,
  assignment: Assignment | undefined,
  view: KeyView,
): Promise<Surroundings['configuration']> {
  const { from, to } = migration.spec
  const { items } = await context.coordination.list<KubeObject>({ ...MigrationConfiguration.resource })
  let seen: WhenSees | { mistake: string } | undefined
  for (const candidate of configurationsFor(items, { from: from.gvk, to: to.gvk })) {
    const { name } = candidate.metadata
    const when = whenOf(candidate)
    if (when !== undefined) seen ??= await seenOf(context, migration, assignment, view)
    const applies = when === undefined || (seen !== undefined && ('mistake' in seen ? seen : isFor(when, seen)))
    if (applies === false) continue
    if (applies !== true) return { name, mistakes: `spec.when: ${applies.mistake}` }
    const mistakes = configurationMistakes(candidate, kindsOf(context.staging))
    return mistakes.length > 0
      ? { name, mistakes: mistakes.join('; ') }
      : { name, object: MigrationConfiguration.of(candidate) }
  }
  return undefined
}

/** What `when` sees. A copy that is not there, as the new one is not yet, is known by its kind alone. */
async function seenOf(
  context: CoordinatorContext,
  { spec: { assignment: name, from, to } }: Migration,
  assignment: Assignment | undefined,
  view: KeyView,
): Promise<WhenSees | { mistake: string }> {
  const { bus, coordination } = context
  const key = keyOfAssignment(name)
  if (key !== undefined) await bus.refresh(view, 'source', key)
  const object = view.get('source')?.object
  view.forget('source') // nothing else here goes by it, and nothing would tell that it is gone
  if (object === undefined || object === null) return { mistake: 'the object is not known yet' }
  const copyAt = ({ providerCluster }: Migration['spec']['from']) => view.get('copy', providerCluster)?.object
  if (!copyAt(from) && !(await isMissing(context, assignment, from.providerCluster, view)))
    return { mistake: `the copy at ${from.providerCluster} is not known yet` }
  const providerOf = async (cluster: string): Promise<unknown> =>
    (await readIfThere<KubeObject>(coordination, { ...Provider.resource, name: providerName(cluster) })) ?? {}
  const [fromProvider, toProvider] = await together([providerOf(from.providerCluster), providerOf(to.providerCluster)])
  return {
    from: copyAt(from) ?? kindAlone(from.gvk),
    to: copyAt(to) ?? kindAlone(to.gvk),
    ...{ object, fromProvider, toProvider },
  }
}

const kindAlone = ({ group, version, kind }: GVK): object => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
})

/** Whether a MigrationConfiguration, as the platform has it now, pauses the moves that began with it; one that is gone does not. */
export async function isPausedBy({ coordination }: CoordinatorContext, name: string): Promise<boolean> {
  const configuration = await readIfThere<KubeObject>(coordination, { ...MigrationConfiguration.resource, name })
  const { paused } = (configuration?.['spec'] ?? {}) as Partial<MigrationConfiguration['spec']>
  return paused === true
}
