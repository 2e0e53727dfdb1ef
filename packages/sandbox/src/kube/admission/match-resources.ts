import { isObject } from '../json.ts'
import type { JsonObject, KubeObject } from '../objects.ts'
import type { AdmissionRequest } from '../requests/types.ts'
import { labelSelectorMatches } from '../selectors/mod.ts'

export type Rule = {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  resourceNames?: string[]
  scope?: string
}

/** `MatchResources` of a policy or of its binding, with the defaults filled in. */
export type MatchResources = {
  matchPolicy?: string
  namespaceSelector?: JsonObject
  objectSelector?: JsonObject
  resourceRules?: Rule[]
  excludeResourceRules?: Rule[]
}

/**
 * Whether a request is one that a policy is about, as k8s.io/apiserver matches them; answers the version of the type that the
 * policy wants to see, undefined where it does not match. `namespace` is that of the request.
 */
export function matchedVersion(
  match: MatchResources | undefined,
  request: AdmissionRequest,
  namespace: KubeObject | undefined,
): string | undefined {
  if (match === undefined) return request.version
  if (!selects(match.namespaceSelector, labelsOfNamespace(request, namespace))) return undefined
  if (!selectsObject(match.objectSelector, request)) return undefined
  const others = match.matchPolicy === 'Exact' ? [] : [...request.resource.versions.keys()]
  const found = (rules: readonly Rule[]) => versionFor(rules, request, others)
  if (found(match.excludeResourceRules ?? []) !== undefined) return undefined
  const { resourceRules = [] } = match
  return resourceRules.length === 0 ? request.version : found(resourceRules)
}

/** The version of the request where a rule names it; else, in the order of the rules, one that the same object has too. */
function versionFor(rules: readonly Rule[], request: AdmissionRequest, others: readonly string[]): string | undefined {
  if (rules.some((rule) => ruleMatches(rule, request, request.version))) return request.version
  for (const rule of rules) {
    const version = others.find((each) => ruleMatches(rule, request, each))
    if (version !== undefined) return version
  }
  return undefined
}

type Labels = Readonly<Record<string, string>> | undefined

/** Undefined for what is in no namespace, which every selector takes. */
function labelsOfNamespace({ resource, object, old }: AdmissionRequest, namespace: KubeObject | undefined) {
  if (resource.group === '' && resource.resource === 'namespaces') return (object ?? old)?.metadata.labels ?? {}
  return resource.namespaced ? (namespace?.metadata.labels ?? {}) : undefined
}

function selects(selector: JsonObject | undefined, labels: Labels): boolean {
  if (selector === undefined || labels === undefined || isEmpty(selector)) return true
  return labelSelectorMatches(selector, labels)
}

function selectsObject(selector: JsonObject | undefined, { object, old }: AdmissionRequest): boolean {
  if (selector === undefined || isEmpty(selector)) return true
  return [object, old].some((each) => each !== undefined && labelSelectorMatches(selector, each.metadata.labels))
}

function isEmpty(selector: JsonObject): boolean {
  return isObject(selector) && Object.keys(selector).length === 0
}

function ruleMatches(rule: Rule, request: AdmissionRequest, version: string): boolean {
  const { resource, operation, name } = request
  const { scope = '*', resourceNames = [] } = rule
  const isNamespaced = resource.namespaced || (resource.group === '' && resource.resource === 'namespaces')
  if (scope === 'Namespaced' && !isNamespaced) return false
  if (scope === 'Cluster' && resource.namespaced) return false
  if (resourceNames.length > 0 && !resourceNames.includes(name)) return false
  const has = (list: readonly string[] | undefined, value: string) => list?.includes('*') || list?.includes(value)
  if (!has(rule.operations, operation) || !has(rule.apiGroups, resource.group)) return false
  return has(rule.apiVersions, version) === true && (rule.resources ?? []).some((each) => isOf(each, request))
}

/** `*` stands for all that are no subresources, `*` on either side of a slash for any. */
function isOf(pattern: string, { resource: { resource }, subresource }: AdmissionRequest): boolean {
  const slash = pattern.indexOf('/')
  const [own, below] = slash < 0 ? [pattern, ''] : [pattern.slice(0, slash), pattern.slice(slash + 1)]
  return (own === '*' || own === resource) && (below === subresource || (slash >= 0 && below === '*'))
}
