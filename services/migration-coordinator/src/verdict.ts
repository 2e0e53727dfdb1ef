import {
  configurationMistakes,
  configurationsFor,
  type GVK,
  hasTemplates,
  MigrationConfiguration,
  type NextCondition,
  STAGE_KINDS,
  shadowOf,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { verdictOf } from '@resource-broker/service'
import type { Staging } from './context.ts'
import { unserved } from './stages/unserved.ts'

/** The reason of one whose stages deploy what the compute cluster does not serve, yet or any more. */
export const KIND_NOT_SERVED = 'KindNotServed'

/** What stages may deploy. */
export const kindsOf = (staging: Staging | undefined): readonly GVK[] => staging?.compute.kinds ?? STAGE_KINDS

/**
 * How a MigrationConfiguration stands, of all for moves between its kinds: its condition Ready.
 * @throws {KubeError} where the compute cluster does not tell whether it serves what stages deploy
 */
export async function verdictOn(
  configuration: KubeObject,
  all: readonly KubeObject[],
  staging: Staging | undefined,
): Promise<NextCondition> {
  const say = verdictOf(configuration)
  const mistakes = configurationMistakes(configuration, kindsOf(staging))
  if (mistakes.length > 0) return say('False', 'Invalid', mistakes.join('; '))
  const { from, to, stages = [] } = MigrationConfiguration.of(configuration).spec
  const shadow = shadowOf(configurationsFor(all, { from, to }), configuration.metadata.name)
  if (shadow !== undefined)
    return say('False', 'Shadowed', `${shadow.metadata.name} is for the same moves and counts, being the older one`)
  if (stages.length === 0) return say('True', 'NoStages', 'it asks for no stages: moves between these kinds have none')
  if (staging === undefined && hasTemplates(stages)) {
    const message =
      'it has templates, and the broker has no compute cluster for them (--compute-kubeconfig): moves between these kinds wait'
    return say('False', 'NoComputeCluster', message)
  }
  const missing = staging === undefined ? [] : await unserved(staging, stages)
  if (missing.length > 0) return say('False', KIND_NOT_SERVED, `${missing.join('; ')}; moves that come to it wait`)
  return say('True', 'Valid', `moves between these kinds go through ${stages.map(({ name }) => name).join(', ')}`)
}
