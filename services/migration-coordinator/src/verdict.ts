import {
  conditionTypes,
  configurationMistakes,
  configurationsFor,
  MigrationConfiguration,
  type NextCondition,
  STAGE_KINDS,
} from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** Longest message, in characters. */
const LONGEST = 4096
const INVALID = 'Invalid'

/** How a MigrationConfiguration stands, of all for moves between its kinds: its condition Ready. */
export function verdictOn(configuration: KubeObject, all: readonly KubeObject[]): NextCondition {
  const observedGeneration = configuration.metadata.generation ?? 0
  const say = (status: 'True' | 'False', reason: string, message: string): NextCondition => {
    return { type: conditionTypes.ready, status, reason, message, observedGeneration }
  }
  const mistakes = configurationMistakes(configuration, STAGE_KINDS)
  if (mistakes.length > 0) return say('False', INVALID, shortened(mistakes.join('; ')))
  const { from, to, stages = [] } = MigrationConfiguration.of(configuration).spec
  if (stages.length === 0) return say('True', 'NoStages', 'it asks for no stages: moves between these kinds have none')
  const [first] = configurationsFor(all, { from, to })
  if (first !== undefined && first.metadata.name !== configuration.metadata.name)
    return say('False', 'Shadowed', `${first.metadata.name} is for the same kinds and counts, being the older one`)
  const message = `what it says is valid, and this version cannot run stages: moves between these kinds wait until it is deleted`
  return say('False', 'StagesNotSupported', message)
}

/** What is wrong with a MigrationConfiguration, as its condition says of what it is now; undefined: nothing that has been found yet. */
export function mistakesToldOf({ metadata, status }: KubeObject): string | undefined {
  const conditions = MigrationConfiguration.status.safeParse(status).data?.conditions ?? []
  return conditions.find(
    ({ type, reason, observedGeneration }) =>
      type === conditionTypes.ready && reason === INVALID && observedGeneration === metadata.generation,
  )?.message
}

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
