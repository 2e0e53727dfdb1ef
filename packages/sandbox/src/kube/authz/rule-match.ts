import type { Attributes } from '../authorizer.ts'
import type { PolicyRule } from './policy.ts'

/** Whether one rule allows one request, as kube-apiserver's RBAC authorizer decides it. */
export function ruleAllows(rule: PolicyRule, request: Attributes): boolean {
  if (!matches(rule.verbs, request.verb)) return false
  if (!request.isResourceRequest) return (rule.nonResourceURLs ?? []).some((url) => urlMatches(url, request.path))
  return (
    matches(rule.apiGroups, request.group) &&
    resourceMatches(rule.resources, request.resource, request.subresource) &&
    nameMatches(rule.resourceNames, request.name)
  )
}

/** Whether `url` of a rule, which may end in `*`, stands for `path`. */
export function urlMatches(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  return url.endsWith('*') && path.startsWith(url.replace(/\*+$/, ''))
}

function matches(allowed: readonly string[] | undefined, wanted: string): boolean {
  return allowed?.some((each) => each === '*' || each === wanted) ?? false
}

function resourceMatches(allowed: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (allowed === undefined) return false
  const full = subresource === '' ? resource : `${resource}/${subresource}`
  return allowed.some((each) => each === '*' || each === full || (subresource !== '' && each === `*/${subresource}`))
}

function nameMatches(allowed: readonly string[] | undefined, name: string): boolean {
  return allowed === undefined || allowed.length === 0 || allowed.includes(name)
}
