import { parseJson, stringifyJson } from '@resource-broker/json'
import { parse } from 'yaml'

/** As JSON of the same content is read: integers of 64 bits are exact. */
export function parseYaml<T = unknown>(text: string): T {
  return parseJson<T>(stringifyJson(parse(text, { intAsBigInt: true })))
}
