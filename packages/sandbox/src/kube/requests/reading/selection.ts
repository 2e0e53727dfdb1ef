import { StatusError } from '../../errors.ts'
import { parseOwnJson } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import { parseFieldSelector, parseLabelSelector } from '../../selectors/mod.ts'
import type { ListOptions } from '../decoding/list-options.ts'
import type { Scope } from '../scope.ts'

/** Which objects a request is about. */
export type Selection = {
  /** undefined when all are. */
  matches: ((object: KubeObject) => boolean) | undefined
  /** When the selection is one object. */
  name: string | undefined
  /** Whether the client selects, not only a restriction of the server. */
  byClient: boolean
}

/** Reads the selectors; `name` is that of the URL. Throws StatusError 400. */
export function selectionOf(
  scope: Scope,
  options: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
  name: string,
): Selection {
  const tests: ((object: KubeObject) => boolean)[] = []
  if (options.labelSelector !== '') {
    const test = parseLabelSelector(options.labelSelector)
    tests.push((object) => test(object.metadata.labels))
  }
  const fields = fieldTest(scope, options.fieldSelector, name)
  if (fields !== undefined) tests.push(fields.test)
  const byClient = tests.length > 0
  const { restriction } = scope
  if (restriction !== undefined) tests.push((object) => restriction.matches(object))
  const matches = tests.length === 0 ? undefined : (object: KubeObject) => tests.every((test) => test(object))
  return { matches, name: fields?.name, byClient }
}

function fieldTest(scope: Scope, selector: string, name: string) {
  if (selector === '') {
    return name === '' ? undefined : { test: (object: KubeObject) => object.metadata.name === name, name }
  }
  const { builtIn, namespaced } = scope.resource
  const test = parseFieldSelector(selector, scope.version.selectableFields, { builtIn, namespaced })
  const exact = test.requirements.find(({ field, operator }) => field === 'metadata.name' && operator === '=')
  if (name !== '' && exact?.value !== name) {
    throw StatusError.badRequest("fieldSelector metadata.name doesn't match requested name")
  }
  return { test, name: exact?.value }
}

/** Whether an object, given as its JSON, is selected. */
export function isSelected({ matches }: Selection, bytes: Buffer): boolean {
  return matches === undefined || matches(parseOwnJson<KubeObject>(bytes))
}
