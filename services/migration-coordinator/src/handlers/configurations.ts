import { configurationsFor, type Migration, MigrationConfiguration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { CoordinatorContext } from '../context.ts'
import type { Surroundings } from '../plan.ts'
import { mistakesToldOf } from '../verdict.ts'

/**
 * The MigrationConfiguration with stages that counts for these kinds, if there is one. It must not be passed over, its stages may
 * carry the data, whatever is wrong with it; so the platform is asked.
 */
export async function matchingConfiguration(
  { coordination }: CoordinatorContext,
  { spec }: Migration,
): Promise<Surroundings['configuration']> {
  const { items } = await coordination.list<KubeObject>({ ...MigrationConfiguration.resource })
  const [first] = configurationsFor(items, { from: spec.from.gvk, to: spec.to.gvk })
  return first === undefined ? undefined : { name: first.metadata.name, mistakes: mistakesToldOf(first) }
}
