import type { CelInput } from '../cel/values.ts'
import type { GVR } from '../kinds/meta.ts'
import { type FilterProgram, filterInput } from './cel-filter.ts'
import type { CompiledSelector, Consumer } from './consumers.ts'
import { type Path, valueAt, whyNothing } from './path.ts'
import { brief, describe, type Refusal } from './refusal.ts'
import type { Rule } from './rules.ts'

/** One object of a consumer, as the broker places it. `object` is the whole object as the API server gives it. */
export type BrokeredObject = {
  consumer: Consumer
  gvr: GVR
  namespace?: string
  name: string
  uid: string
  generation: number
  object: Record<string, unknown>
}

/** One filter, compiled: what must hold of the value at `path`, and a program that must be true of the object. */
export type CompiledFilter = { key: string; path: Path; rules: readonly Rule[]; program: FilterProgram | undefined }

/** Everything that an offer asks of an object and its consumer. No `consumers` serves everyone. */
export type Conditions = { filters: readonly CompiledFilter[]; consumers: readonly CompiledSelector[] | undefined }

/** An object being matched against many offers: what CEL sees of it is made once, when the first asks. */
export type Subject = { consumer: Consumer | undefined; spec: unknown; cel: () => CelInput }

export function subjectOf(object: Record<string, unknown>, consumer?: Consumer): Subject {
  let input: CelInput | undefined
  return {
    consumer,
    spec: object['spec'],
    cel: () => {
      input ??= filterInput(object)
      return input
    },
  }
}

/** Whether everything holds; stops at the first that does not. */
export function holds({ filters, consumers }: Conditions, subject: Subject): boolean {
  return servesConsumer(consumers, subject.consumer) && filters.every((filter) => filterHolds(filter, subject))
}

/** Every refusal, in the order of the filters; empty if everything holds. */
export function refusalsOf({ filters, consumers }: Conditions, subject: Subject): Refusal[] {
  const refusals: Refusal[] = []
  if (!servesConsumer(consumers, subject.consumer)) refusals.push(wrongConsumer(consumers ?? [], subject.consumer))
  for (const filter of filters) addRefusals(filter, subject, refusals)
  return refusals
}

/** Whether one of the selectors takes the consumer; without selectors everyone is served. */
export function servesConsumer(selectors: Conditions['consumers'], consumer: Consumer | undefined): boolean {
  return selectors === undefined || (consumer !== undefined && selectors.some((selector) => selector.holds(consumer)))
}

/** Whether a resource is among those that are selected, in whichever version; undefined: all are. */
export function selectsResource(
  resources: readonly Pick<GVR, 'group' | 'resource'>[] | undefined,
  { group, resource }: Pick<GVR, 'group' | 'resource'>,
): boolean {
  return resources === undefined || resources.some((its) => its.group === group && its.resource === resource)
}

function filterHolds({ path, rules, program }: CompiledFilter, subject: Subject): boolean {
  if (rules.length > 0) {
    const value = valueAt(subject.spec, path)
    if (!rules.every((rule) => ruleHolds(rule, value))) return false
  }
  return program === undefined || isTrue(program, subject)
}

function ruleHolds(rule: Rule, value: unknown): boolean {
  if (rule.type === undefined) return rule.holds(value)
  return value !== undefined && rule.type.is(value) && rule.holds(value)
}

function isTrue(program: FilterProgram, subject: Subject): boolean {
  const result = program.evaluate(subject.cel())
  return 'value' in result && result.value === true
}

function addRefusals({ key, path, rules, program }: CompiledFilter, subject: Subject, into: Refusal[]): void {
  const value = rules.length > 0 ? valueAt(subject.spec, path) : undefined
  for (const rule of rules)
    if (!ruleHolds(rule, value))
      into.push({ path: key, rule: rule.rule, want: rule.want, got: gotOf(rule, value, subject, path) })
  if (program !== undefined && !isTrue(program, subject))
    into.push({ path: key, rule: 'cel', want: brief(program.source), got: resultOf(program, subject) })
}

function gotOf(rule: Rule, value: unknown, subject: Subject, path: Path): string {
  const got = describe(value)
  if (value !== undefined)
    return rule.type === undefined || rule.type.is(value) ? got : `${got}, which is not ${rule.type.name}`
  const why = whyNothing(subject.spec, path)
  return why === '' ? got : `${got}: ${why}`
}

function resultOf(program: FilterProgram, subject: Subject): string {
  const result = program.evaluate(subject.cel())
  if ('error' in result) return `an error: ${brief(result.error)}`
  return result.value === false ? 'false' : `${describe(result.value)}, which is not true or false`
}

function wrongConsumer(selectors: readonly CompiledSelector[], consumer: Consumer | undefined): Refusal {
  return {
    path: '',
    rule: 'consumers',
    want: brief(selectors.map(({ want }) => want).join(', or ')),
    got: consumer === undefined ? 'nothing' : brief(consumer.path ?? consumer.cluster),
  }
}
