import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../errors.ts'
import { namesIn, valueAt } from '../field-path.ts'
import type { KubeObject } from '../objects.ts'

type FieldRequirement = { readonly field: string; readonly operator: '=' | '!='; readonly value: string }
/** Whether an object is selected. */
type FieldSelector = ((object: KubeObject) => boolean) & { readonly requirements: readonly FieldRequirement[] }

export type FieldSelectorOptions = {
  /** Of built-in types that have no fields of their own to select by, the error has other words. */
  builtIn?: boolean
  /** Objects without a namespace cannot be selected by it. */
  namespaced?: boolean
}

/**
 * Reads the `fieldSelector` of a request. `supported` are JSON paths such as `.spec.color`, besides metadata.name and
 * metadata.namespace. Throws StatusError 400 in the words of k8s.io/apimachinery/pkg/fields.
 */
export function parseFieldSelector(
  text: string,
  supported: readonly string[],
  options: FieldSelectorOptions = {},
): FieldSelector {
  const requirements = splitTerms(text)
    .sort()
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text))
  for (const { field } of requirements) checkField(field, supported, options)
  const tests = requirements.map(({ field, operator, value }) => {
    const path = namesIn(field)
    return (object: KubeObject) => (textAt(object, path) === value) === (operator === '=')
  })
  const matches = (object: KubeObject) => tests.every((test) => test(object))
  return Object.assign(matches, { requirements })
}

/** At commas without a backslash before them. */
function splitTerms(text: string): string[] {
  return text === ''
    ? []
    : (text.match(/(?:^|,)(?:\\.|[^,\\])*\\?/gs) ?? []).map((term, index) => (index === 0 ? term : term.slice(1)))
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
  if (match === null) throw StatusError.badRequest(`invalid selector: '${selector}'; can't understand '${term}'`)
  const [, field = '', operator, value = ''] = match
  return { field, operator: operator === '!=' ? '!=' : '=', value: unescaped(value) }
}

function unescaped(value: string): string {
  let result = ''
  for (let index = 0; index < value.length; index++) {
    const character = value[index]!
    if (character === '\\') {
      const next = value[++index] ?? ''
      if (next === '' || !'\\,='.includes(next)) {
        throw StatusError.badRequest(`invalid field selector: invalid escape sequence: \\${next}`)
      }
      result += next
    } else if (character === '=' || character === ',') {
      throw StatusError.badRequest(`invalid field selector: unescaped character in value: ${character.charCodeAt(0)}`)
    } else result += character
  }
  return result
}

function checkField(
  field: string,
  supported: readonly string[],
  { builtIn = false, namespaced = true }: FieldSelectorOptions,
): void {
  const metadataOnly = builtIn && supported.length === 0
  if (field === 'metadata.name') return
  if (field === 'metadata.namespace' && (namespaced || metadataOnly)) return
  if (supported.some((path) => namesIn(path).join('.') === field)) return
  throw StatusError.badRequest(
    metadataOnly
      ? `${stringifyJson(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  )
}

/** What is not there is the empty text. */
function textAt(object: KubeObject, path: readonly string[]): string {
  const value = valueAt(object, path)
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value)
}
