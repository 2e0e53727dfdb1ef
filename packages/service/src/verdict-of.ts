import { conditionTypes, type NextCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** Longest message, in characters. */
const LONGEST = 4096

/** Says by a condition, Ready if no other is named, how an object that somebody wrote stands as it is now. */
export function verdictOf({ metadata }: KubeObject, type: string = conditionTypes.ready) {
  const observedGeneration = metadata.generation ?? 0
  return (status: NextCondition['status'], reason: string, message: string): NextCondition => {
    return { type, status, reason, message: shortened(message), observedGeneration }
  }
}

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
