import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '@resource-broker/json'

/** The cases in `vectors/<file>`: data that another implementation could run as well. */
export function vectors<T>(file: string): T[] {
  return parseJson(readFileSync(join(import.meta.dirname, '../vectors', file), 'utf8')) as T[]
}
