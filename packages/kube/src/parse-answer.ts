import { parseJson } from '@resource-broker/json'
import { ConnectionError } from './errors.ts'

/** What a server sent. A JSON parser's own message quotes its input, which may hold a Secret: that is not passed on. @throws {ConnectionError} */
export function parseAnswer<T>(text: string): T {
  try {
    return parseJson(text) as T
  } catch {
    throw new ConnectionError('the server sent something that is not JSON')
  }
}
