import { deepEqual } from '../json.ts'
import { type Crd, type CrdCondition, type CrdNames, conditionOf, isTrue, setCondition } from './definition.ts'

type Taken = { resources: Set<string>; kinds: Set<string> }
type Problem = { reason: string; message: string }

/** Accepts the names that no other definition of the group has, and establishes the type, in place. */
export function acceptNames(crd: Crd, others: readonly Crd[], now: string): void {
  const { names } = crd.spec
  if (!deepEqual(names, crd.status?.acceptedNames) || conditionOf(crd, 'NamesAccepted') === undefined) {
    const { accepted, problem } = negotiate(names, crd.status?.acceptedNames ?? {}, takenBy(others))
    crd.status = { ...crd.status, acceptedNames: accepted }
    setCondition(crd, namesCondition(problem), now)
  }
  if (isTrue(crd, 'NamesAccepted') && !isTrue(crd, 'Established')) {
    const message = 'the initial names have been accepted'
    setCondition(crd, { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message }, now)
  } else if (conditionOf(crd, 'Established') === undefined) {
    const message = 'not all names are accepted'
    setCondition(crd, { type: 'Established', status: 'False', reason: 'NotAccepted', message }, now)
  }
}

function namesCondition(problem: Problem | undefined): Omit<CrdCondition, 'lastTransitionTime'> {
  if (problem !== undefined) return { type: 'NamesAccepted', status: 'False', ...problem }
  return { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
}

function takenBy(others: readonly Crd[]): Taken {
  const taken: Taken = { resources: new Set(), kinds: new Set() }
  for (const { status } of others) {
    const { plural, singular, shortNames = [], kind, listKind } = status?.acceptedNames ?? {}
    for (const name of [plural, singular, ...shortNames]) if (name) taken.resources.add(name)
    for (const name of [kind, listKind]) if (name) taken.kinds.add(name)
  }
  return taken
}

/** Each name on its own is accepted or stays as it was; the last conflict is the one that is reported. */
function negotiate(wanted: CrdNames, had: Partial<CrdNames>, { resources, kinds }: Taken) {
  const accepted: Partial<CrdNames> = { ...had }
  let problem: Problem | undefined
  const claim = (field: 'plural' | 'singular' | 'kind' | 'listKind', used: Set<string>, reason: string) => {
    const name = wanted[field]
    if (name === undefined) return
    if (name !== had[field] && used.has(name)) problem = { reason, message: inUse(name) }
    else accepted[field] = name
  }
  claim('plural', resources, 'PluralConflict')
  claim('singular', resources, 'SingularConflict')
  const short = (wanted.shortNames ?? []).filter((name) => !had.shortNames?.includes(name) && resources.has(name))
  if (short.length > 0) problem = { reason: 'ShortNamesConflict', message: listed(short.map(inUse)) }
  else if (wanted.shortNames !== undefined) accepted.shortNames = wanted.shortNames
  else delete accepted.shortNames
  claim('kind', kinds, 'KindConflict')
  claim('listKind', kinds, 'ListKindConflict')
  if (wanted.categories !== undefined) accepted.categories = wanted.categories
  else delete accepted.categories
  return { accepted, problem }
}

function inUse(name: string): string {
  return `"${name}" is already in use`
}

function listed(messages: readonly string[]): string {
  return messages.length > 1 ? `[${messages.join(', ')}]` : (messages[0] ?? '')
}
