import type { PolicyRule, RoleRef, Subject } from '../authz/mod.ts'
import type { FieldError } from '../errors.ts'
import { pathSegmentErrors, subdomainErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import { immutable, invalid, invalidEach, notSupported, required } from './field-errors.ts'
import { type LabelSelector, validateLabelSelector } from './label-selectors.ts'

export type RoleObject = KubeObject & {
  rules?: PolicyRule[] | null
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] }
}
export type BindingObject = KubeObject & { roleRef: RoleRef; subjects?: Subject[] | null }

const GROUP = 'rbac.authorization.k8s.io'
const empty = (list: readonly string[] | undefined) => list === undefined || list.length === 0

/** What is wrong with the rules of a Role (`namespaced`) or ClusterRole. */
export function validateRules({ rules }: RoleObject, namespaced: boolean): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`))
}

export function validateClusterRole(role: RoleObject): FieldError[] {
  const errors = validateRules(role, false)
  if (role.aggregationRule === undefined) return errors
  const path = 'aggregationRule.clusterRoleSelectors'
  const selectors = role.aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
  }
  for (const [index, selector] of selectors.entries()) {
    const found = validateLabelSelector(selector, `${path}[${index}]`)
    errors.push(...found)
    // It cannot be compiled either, which is a second complaint.
    if (found.length > 0) errors.push(invalid(`${path}[${index}]`, null, 'invalid label selector.'))
  }
  return errors
}

function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (empty(rule.verbs)) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  const urls = rule.nonResourceURLs
  if (!empty(urls)) {
    const refuse = (why: string) => errors.push(invalid(`${path}.nonResourceURLs`, urls, why))
    if (namespaced) refuse('namespaced rules cannot apply to non-resource URLs')
    if (!empty(rule.apiGroups) || !empty(rule.resources) || !empty(rule.resourceNames)) {
      refuse('rules cannot apply to both regular resources and non-resource URLs')
    }
    return errors
  }
  if (empty(rule.apiGroups)) {
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  }
  if (empty(rule.resources)) {
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  }
  return errors
}

/** What is wrong with a RoleBinding (`namespaced`) or ClusterRoleBinding. */
export function validateBinding(binding: BindingObject, namespaced: boolean): FieldError[] {
  const { roleRef, subjects } = binding
  const errors: FieldError[] = []
  if (roleRef.apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [GROUP]))
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind ?? '', kinds))
  if ((roleRef.name ?? '') === '') errors.push(required('roleRef.name'))
  else errors.push(...invalidEach('roleRef.name', roleRef.name, pathSegmentErrors(roleRef.name)))
  for (const [index, subject] of (subjects ?? []).entries()) {
    errors.push(...validateSubject(subject, namespaced, `subjects[${index}]`))
  }
  return errors
}

/** An error when a binding is to another role than before; shows it with the names of kube-apiserver's own struct. */
export function roleChangeErrors(next: BindingObject, old: BindingObject): FieldError[] {
  const shown = ({ roleRef }: BindingObject) => ({
    APIGroup: roleRef.apiGroup ?? '',
    Kind: roleRef.kind,
    Name: roleRef.name,
  })
  return immutable('roleRef', shown(next), shown(old), 'cannot change roleRef')
}

function validateSubject(subject: Subject, namespaced: boolean, path: string): FieldError[] {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject
  const errors = name === '' ? [required(`${path}.name`)] : []
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...invalidEach(`${path}.name`, name, subdomainErrors(name)))
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
    if (!namespaced && namespace === '') errors.push(required(`${path}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [GROUP]))
  } else errors.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
  return errors
}
