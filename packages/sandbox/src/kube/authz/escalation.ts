import { stringifyJson } from '@resource-broker/json'
import { MASTERS } from '../authn/groups.ts'
import { goQuote, goQuoteList } from '../go-text.ts'
import type { UserInfo } from '../user.ts'
import type { PolicyRule } from './policy.ts'
import type { ResolvedRules } from './rbac-authorizer.ts'
import { urlMatches } from './rule-match.ts'

/** The right to do everything. */
export const FULL_AUTHORITY: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** Members may grant what they do not hold. */
export function mayEscalate(user: UserInfo): boolean {
  return user.groups.includes(MASTERS)
}

/** Why `user`, who holds `held`, may not grant `rules`; undefined when they may. In kube-apiserver's words. */
export function escalationComplaint(
  user: UserInfo,
  held: ResolvedRules,
  rules: readonly PolicyRule[],
): string | undefined {
  const missing = rules.flatMap(breakDown).filter((part) => !held.rules.some((rule) => covers(rule, part)))
  if (missing.length === 0) return undefined
  const list = [...new Set(compact(missing).map(text))].sort().join('\n')
  const who = `user ${goQuote(user.username)} (groups=${goQuoteList(user.groups)})`
  const errors = held.errors.length === 0 ? '' : `; resolution errors: [${aggregate(held.errors)}]`
  return `${who} is attempting to grant RBAC permissions not currently held:\n${list}${errors}`
}

function aggregate(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`
}

/** One rule per combination of group, resource, name and verb. */
function* partsOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): Iterable<PolicyRule> {
  for (const group of apiGroups ?? []) {
    for (const resource of resources ?? []) {
      for (const verb of verbs ?? []) {
        const part = { apiGroups: [group], resources: [resource], verbs: [verb] }
        if ((resourceNames ?? []).length === 0) yield part
        else for (const name of resourceNames ?? []) yield { ...part, resourceNames: [name] }
      }
    }
  }
  for (const url of nonResourceURLs ?? [])
    for (const verb of verbs ?? []) yield { nonResourceURLs: [url], verbs: [verb] }
}

function breakDown(rule: PolicyRule): PolicyRule[] {
  return [...partsOf(rule)]
}

/** Whether one rule that is held covers `part`, which has one value in each field. */
function covers(held: PolicyRule, part: PolicyRule): boolean {
  const has = (own: readonly string[] | undefined, wanted: readonly string[] | undefined) =>
    own?.includes('*') || (wanted ?? []).every((each) => own?.includes(each))
  const names = held.resourceNames ?? []
  return Boolean(
    has(held.verbs, part.verbs) &&
      has(held.apiGroups, part.apiGroups) &&
      (part.resources ?? []).every((each) => coversResource(held.resources ?? [], each)) &&
      (names.length === 0 || part.resourceNames?.every((each) => names.includes(each))) &&
      (part.nonResourceURLs ?? []).every((url) => held.nonResourceURLs?.some((own) => urlMatches(own, url))),
  )
}

function coversResource(held: readonly string[], resource: string): boolean {
  if (held.includes('*') || held.includes(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && held.includes(`*/${resource.slice(slash + 1)}`)
}

/** Joins the verbs of what is otherwise the same. */
function compact(parts: readonly PolicyRule[]): PolicyRule[] {
  const joined = new Map<string, PolicyRule>()
  const others: PolicyRule[] = []
  for (const part of parts) {
    if (part.nonResourceURLs !== undefined) {
      others.push(part)
      continue
    }
    const key = stringifyJson([part.apiGroups, part.resources, part.resourceNames])
    const known = joined.get(key)
    joined.set(key, known === undefined ? part : { ...known, verbs: [...known.verbs, ...part.verbs] })
  }
  return [...others, ...joined.values()]
}

function text({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const fields = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  })
  const shown = fields.filter(([, values]) => values !== undefined && values.length > 0)
  return `{${shown.map(([name, values]) => `${name}:${goQuoteList(values!)}`).join(', ')}}`
}
