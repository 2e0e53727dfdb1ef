import { ConnectionError } from './errors.ts'

/** What a server sent. A JSON parser's own message quotes its input, which may hold a Secret: that is not passed on. @throws {ConnectionError} */
export function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch {
    throw new ConnectionError('the server sent something that is not JSON')
  }
}
