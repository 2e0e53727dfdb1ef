import { stringifyJson } from '@resource-broker/json'

/** The rule that refused: a condition of a filter, or the offer's own `consumers` and `capacity`, or what the platform says of its provider. */
export type RuleName =
  | 'valueIn'
  | 'notIn'
  | 'prefix'
  | 'suffix'
  | 'pattern'
  | 'exists'
  | 'boundary'
  | 'cel'
  | 'consumers'
  | 'capacity'
  | 'excluded'
  | 'away'
  | 'cordoned'
  | 'draining'
  | 'policy'

/** Why something was not accepted, in words for people; `path` is below spec and "" where no single field is meant. */
export type Refusal = { path: string; rule: RuleName; want: string; got: string }

const LONGEST_TEXT = 120

/** `text` cut to what a condition message has room for. */
export function brief(text: string, longest = LONGEST_TEXT): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
}

/** A string as people read it: in quotes, with what does not print escaped. */
export const quoted = (text: string): string => stringifyJson(brief(text))

/** A value of an object as people read it. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : String(value)
}

/** `one of "a", "b"`, bounded. */
export function listed(words: string, texts: readonly string[], most = 8): string {
  const shown = texts.slice(0, most).map(quoted).join(', ')
  return `${words} ${shown}${texts.length > most ? ` and ${texts.length - most} more` : ''}`
}
