import { configurationMistakes, configurationsFor, type Migration, MigrationConfiguration } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { readIfThere } from '@resource-broker/kube'
import type { CoordinatorContext } from '../context.ts'
import type { Surroundings } from '../plan/step.ts'
import { kindsOf } from '../verdict.ts'

/**
 * The MigrationConfiguration that counts for these kinds, if there is one. It must not be passed over, its stages may carry the data,
 * whatever is wrong with it; so the platform is asked.
 */
export async function matchingConfiguration(
  { coordination, staging }: CoordinatorContext,
  { spec }: Migration,
): Promise<Surroundings['configuration']> {
  const { items } = await coordination.list<KubeObject>({ ...MigrationConfiguration.resource })
  const [first] = configurationsFor(items, { from: spec.from.gvk, to: spec.to.gvk })
  if (first === undefined) return undefined
  const { name } = first.metadata
  const mistakes = configurationMistakes(first, kindsOf(staging))
  return mistakes.length > 0
    ? { name, mistakes: mistakes.join('; ') }
    : { name, object: MigrationConfiguration.of(first) }
}

/** A MigrationConfiguration as the platform has it; undefined: it is gone. */
export const configurationNamed = (
  { coordination }: CoordinatorContext,
  name: string,
): Promise<KubeObject | undefined> =>
  readIfThere<KubeObject>(coordination, { ...MigrationConfiguration.resource, name })
