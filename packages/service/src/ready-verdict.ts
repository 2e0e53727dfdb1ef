import { conditionTypes, type NextCondition } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'

/** Longest message, in characters. */
const LONGEST = 4096

/** Says by the condition Ready how an object that somebody wrote stands as it is now. */
export function readyVerdict({ metadata }: KubeObject) {
  const observedGeneration = metadata.generation ?? 0
  return (status: 'True' | 'False', reason: string, message: string): NextCondition => {
    return { type: conditionTypes.ready, status, reason, message: shortened(message), observedGeneration }
  }
}

const shortened = (text: string): string =>
  text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1).toWellFormed()}…`
