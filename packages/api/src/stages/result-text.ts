import { stringifyJson } from '@resource-broker/json'
import type { Program } from '../cel/program.ts'
import { toJson } from '../cel/to-json.ts'
import type { CelInput } from '../cel/values.ts'

/** Longest result, in characters. */
const LONGEST = 1024

/** What a result of a stage gives, as text: a list or map as JSON; what has no value says why, in parentheses. */
export function resultText(program: Program, input: CelInput): string {
  const result = program.evaluate(input)
  const json = 'error' in result ? result : toJson(result.value)
  if ('error' in json) return `(${json.error})`.slice(0, LONGEST)
  return (typeof json.value === 'string' ? json.value : (stringifyJson(json.value) ?? '')).slice(0, LONGEST)
}
