import { expressionErrors } from '../admission/expressions.ts'
import type { FieldError } from '../errors.ts'
import { dns1035Errors, pathSegmentErrors, qualifiedNameErrors, subdomainErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { type RuleWithOperations, ruleErrors } from './admission-rules.ts'
import { duplicate, forbidden, invalid, invalidEach, notSupported, required } from './field-errors.ts'
import { type LabelSelector, validateLabelSelector } from './label-selectors.ts'
import { conditionErrors, type MatchCondition } from './webhooks.ts'

type NamedRule = RuleWithOperations & { resourceNames?: string[] }
type MatchResources = {
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  resourceRules?: NamedRule[]
  excludeResourceRules?: NamedRule[]
}
type Validation = { expression?: string; message?: string; messageExpression?: string; reason?: string }
type Policy = KubeObject & {
  spec?: {
    failurePolicy?: string
    paramKind?: { apiVersion?: string; kind?: string }
    matchConstraints?: MatchResources
    matchConditions?: MatchCondition[]
    variables?: { name?: string; expression?: string }[]
    validations?: Validation[]
    auditAnnotations?: { key?: string; valueExpression?: string }[]
  }
}
type PolicyBinding = KubeObject & {
  spec?: {
    policyName?: string
    paramRef?: { name?: string; selector?: LabelSelector; parameterNotFoundAction?: string }
    matchResources?: MatchResources
    validationActions?: string[]
  }
}

const ACTIONS = ['Audit', 'Deny', 'Warn']
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const isBlank = (text: string | undefined) => (text ?? '').trim() === ''

/** Policies, which `admission` enforces; what cannot be compiled is refused. */
export const admissionPolicies: Strategy = {
  allowUnconditionalUpdate: false,
  hasGeneration: true,
  applyDefaults,
  prepareForCreate(next: Policy) {
    next['status'] = {}
    applyDefaults(next)
  },
  prepareForUpdate(next: Policy, old: Policy, { subresource }) {
    if (subresource === 'status') next.spec = { ...old.spec }
    else next['status'] = old['status'] ?? {}
    applyDefaults(next)
  },
  validate: (next, _, { subresource }) => (subresource === 'status' ? [] : policyErrors(next as Policy)),
}

export const admissionPolicyBindings: Strategy = {
  allowUnconditionalUpdate: false,
  hasGeneration: true,
  applyDefaults: (next: PolicyBinding) => defaultMatch(next.spec?.matchResources),
  prepareForCreate: (next: PolicyBinding) => defaultMatch(next.spec?.matchResources),
  prepareForUpdate: (next: PolicyBinding) => defaultMatch(next.spec?.matchResources),
  validate: (next) => bindingErrors(next as PolicyBinding),
}

function applyDefaults({ spec }: Policy): void {
  if (spec === undefined) return
  spec.failurePolicy ??= 'Fail'
  defaultMatch(spec.matchConstraints)
}

function defaultMatch(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

function policyErrors({ metadata, spec = {} }: Policy): FieldError[] {
  const { failurePolicy = '', paramKind, matchConstraints, validations = [], auditAnnotations = [] } = spec
  const supported = ['Fail', 'Ignore']
  const errors = supported.includes(failurePolicy) ? [] : [notSupported('spec.failurePolicy', failurePolicy, supported)]
  if (paramKind !== undefined) errors.push(...paramKindErrors(paramKind))
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'))
  else {
    errors.push(...matchErrors(matchConstraints, 'spec.matchConstraints'))
    if ((matchConstraints.resourceRules ?? []).length === 0)
      errors.push(required('spec.matchConstraints.resourceRules'))
  }
  errors.push(...conditionErrors(spec.matchConditions ?? [], 'spec.matchConditions'))
  errors.push(...(spec.variables ?? []).flatMap((each, index) => variableErrors(each, `spec.variables[${index}]`)))
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item'
    return [...errors, required('spec.validations', why), required('spec.auditAnnotations', why)]
  }
  errors.push(...validations.flatMap((each, index) => validationErrors(each, `spec.validations[${index}]`)))
  const keys: string[] = []
  for (const [index, { key = '', valueExpression }] of auditAnnotations.entries()) {
    const path = `spec.auditAnnotations[${index}]`
    const name = `${metadata.name ?? ''}/${key}`
    errors.push(...invalidEach(`${path}.key`, name, qualifiedNameErrors(name)))
    if (isBlank(valueExpression)) errors.push(required(`${path}.valueExpression`, 'valueExpression is not specified'))
    if (keys.includes(key)) errors.push(duplicate(`${path}.key`, key))
    keys.push(key)
  }
  return errors
}

function paramKindErrors({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): FieldError[] {
  const path = 'spec.paramKind'
  const errors: FieldError[] = []
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  if (apiVersion === '') errors.push(required(`${path}.apiVersion`))
  else {
    const groupErrors = group === '' ? [] : subdomainErrors(group!)
    if (groupErrors.length > 0) errors.push(invalid(`${path}.apiVersion`, group, groupErrors.join(',')))
    const versionErrors = dns1035Errors(version!)
    if (version === '') errors.push(invalid(`${path}.apiVersion`, apiVersion, 'version must be specified'))
    else if (versionErrors.length > 0) errors.push(invalid(`${path}.apiVersion`, version, versionErrors.join(',')))
  }
  const kindErrors = dns1035Errors(kind.toLowerCase())
  const why = `may have mixed case, but should otherwise match: ${kindErrors.join(',')}`
  if (kind === '') errors.push(required(`${path}.kind`))
  else if (kindErrors.length > 0) errors.push(invalid(`${path}.kind`, kind, why))
  return errors
}

function matchErrors(match: MatchResources, path: string): FieldError[] {
  const policies = ['Equivalent', 'Exact']
  const { matchPolicy = '', resourceRules = [], excludeResourceRules = [] } = match
  return [
    ...(policies.includes(matchPolicy) ? [] : [notSupported(`${path}.matchPolicy`, matchPolicy, policies)]),
    ...validateLabelSelector(match.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(match.objectSelector, `${path}.objectSelector`),
    ...resourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${path}.resourceRules[${index}]`)),
    ...excludeResourceRules.flatMap((rule, index) => namedRuleErrors(rule, `${path}.excludeResourceRules[${index}]`)),
  ]
}

function namedRuleErrors(rule: NamedRule, path: string): FieldError[] {
  const { resourceNames = [] } = rule
  const names = resourceNames.flatMap((name, index) => {
    const place = `${path}.resourceNames[${index}]`
    const errors = invalidEach(place, name, pathSegmentErrors(name))
    return resourceNames.indexOf(name) < index ? [...errors, duplicate(place, name)] : errors
  })
  return [...names, ...ruleErrors(rule, path)]
}

function variableErrors({ name = '', expression }: { name?: string; expression?: string }, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (isBlank(name)) errors.push(required(`${path}.name`, 'name is not specified'))
  else if (!IDENTIFIER.test(name)) errors.push(invalid(`${path}.name`, name, 'must be a valid CEL identifier'))
  if (isBlank(expression)) errors.push(required(`${path}.expression`, 'expression is not specified'))
  else errors.push(...expressionErrors(expression, `${path}.expression`, 'any'))
  return errors
}

function validationErrors(validation: Validation, path: string): FieldError[] {
  const { expression, message = '', messageExpression = '', reason } = validation
  const errors: FieldError[] = []
  const empty = 'must be non-empty if specified'
  if (isBlank(expression)) errors.push(required(`${path}.expression`, 'expression is not specified'))
  else errors.push(...expressionErrors(expression, `${path}.expression`, 'bool'))
  if (!isBlank(messageExpression)) {
    errors.push(...expressionErrors(messageExpression, `${path}.messageExpression`, 'string'))
  }
  if (messageExpression !== '' && isBlank(messageExpression)) {
    errors.push(invalid(`${path}.messageExpression`, messageExpression, empty))
  }
  if (message !== '' && isBlank(message)) errors.push(invalid(`${path}.message`, message, empty))
  else if (/[\r\n]/.test(message.trim()))
    errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
  return errors
}

function bindingErrors({ spec = {} }: PolicyBinding): FieldError[] {
  const { policyName = '', validationActions = [], matchResources } = spec
  const path = 'spec.validationActions'
  const errors = policyName === '' ? [required('spec.policyName')] : []
  if (policyName !== '') errors.push(...invalidEach('spec.policyName', policyName, subdomainErrors(policyName)))
  errors.push(...paramRefErrors(spec.paramRef))
  if (matchResources !== undefined) errors.push(...matchErrors(matchResources, 'spec.matchResources'))
  for (const [index, action] of validationActions.entries()) {
    if (!ACTIONS.includes(action)) errors.push(notSupported(`${path}[${index}]`, action, ACTIONS))
    if (validationActions.indexOf(action) < index) errors.push(duplicate(`${path}[${index}]`, action))
  }
  if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
    const why =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(invalid(path, validationActions, why))
  }
  if (validationActions.length === 0) errors.push(required(path, 'at least one validation action is required'))
  return errors
}

function paramRefErrors(reference: NonNullable<PolicyBinding['spec']>['paramRef']): FieldError[] {
  if (reference === undefined) return []
  const { name = '', selector, parameterNotFoundAction: action = '' } = reference
  const path = 'spec.paramRef'
  const both = 'name and selector are mutually exclusive'
  const errors = name === '' ? [] : invalidEach(`${path}.name`, name, pathSegmentErrors(name))
  if (name !== '' && selector !== undefined) errors.push(forbidden(`${path}.name`, both))
  errors.push(...validateLabelSelector(selector, `${path}.selector`))
  if (name !== '' && selector !== undefined) errors.push(forbidden(`${path}.selector`, both))
  if (name === '' && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'))
  const actions = ['Deny', 'Allow']
  if (action === '') errors.push(required(`${path}.parameterNotFoundAction`))
  else if (!actions.includes(action)) errors.push(notSupported(`${path}.parameterNotFoundAction`, action, actions))
  return errors
}
