import { expressionErrors } from '../admission/expressions.ts'
import type { FieldError } from '../errors.ts'
import { dns1035Errors, qualifiedNameErrors, subdomainErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { type RuleWithOperations, ruleErrors } from './admission-rules.ts'
import { duplicate, invalid, invalidEach, notSupported, required, tooMany } from './field-errors.ts'
import { type LabelSelector, validateLabelSelector } from './label-selectors.ts'
import { type WebhookClient, webhookClientErrors } from './webhook-clients.ts'

const REVIEW_VERSIONS = ['v1', 'v1beta1']
const SIDE_EFFECTS = ['None', 'NoneOnDryRun']
const MAX_CONDITIONS = 64
const HTTPS_PORT = 443

export type MatchCondition = { name?: string; expression?: string }
type Webhook = {
  name?: string
  clientConfig?: WebhookClient
  rules?: RuleWithOperations[]
  failurePolicy?: string
  matchPolicy?: string
  sideEffects?: string
  timeoutSeconds?: number
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  reinvocationPolicy?: string
  admissionReviewVersions?: string[]
  matchConditions?: MatchCondition[]
}
type Configuration = KubeObject & { webhooks?: Webhook[] }

/** Configurations of webhooks, which `admission` calls. */
export function webhookConfigurations(mutating: boolean): Strategy {
  const prepare = (next: Configuration) => {
    for (const webhook of next.webhooks ?? []) applyDefaults(webhook, mutating)
  }
  return {
    allowUnconditionalUpdate: false,
    hasGeneration: true,
    applyDefaults: prepare,
    prepareForCreate: prepare,
    prepareForUpdate: prepare,
    validate(next: Configuration) {
      const names = new Set<string>()
      return (next.webhooks ?? []).flatMap((webhook, index) => {
        const path = `webhooks[${index}]`
        const { name = '', admissionReviewVersions = [] } = webhook
        const errors = [
          ...webhookErrors(webhook, path),
          ...versionErrors(admissionReviewVersions, `${path}.admissionReviewVersions`),
        ]
        if (name !== '' && names.has(name)) errors.push(duplicate(`${path}.name`, name))
        names.add(name)
        return errors
      })
    },
  }
}

function applyDefaults(webhook: Webhook, mutating: boolean): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  if (mutating) webhook.reinvocationPolicy ??= 'Never'
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= HTTPS_PORT
}

function webhookErrors(webhook: Webhook, path: string): FieldError[] {
  const { rules = [], clientConfig = {}, timeoutSeconds, sideEffects } = webhook
  const oneOf = (field: keyof Webhook, supported: readonly string[]) => {
    const value = webhook[field]
    return value === undefined || supported.includes(String(value))
      ? []
      : [notSupported(`${path}.${field}`, value, supported)]
  }
  const isBadTimeout = timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)
  const why = 'the timeout value must be between 1 and 30 seconds'
  return [
    ...fullyQualifiedErrors(webhook.name ?? '', `${path}.name`),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `${path}.rules[${index}]`)),
    ...oneOf('failurePolicy', ['Fail', 'Ignore']),
    ...oneOf('matchPolicy', ['Equivalent', 'Exact']),
    ...(sideEffects === undefined
      ? [required(`${path}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`)]
      : []),
    ...oneOf('sideEffects', SIDE_EFFECTS),
    ...(isBadTimeout ? [invalid(`${path}.timeoutSeconds`, timeoutSeconds, why)] : []),
    ...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`),
    ...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`),
    ...oneOf('reinvocationPolicy', ['IfNeeded', 'Never']),
    ...webhookClientErrors(clientConfig, `${path}.clientConfig`),
    ...conditionErrors(webhook.matchConditions ?? [], `${path}.matchConditions`),
  ]
}

function fullyQualifiedErrors(name: string, path: string): FieldError[] {
  if (name === '') return [required(path)]
  const errors = subdomainErrors(name)
  if (errors.length > 0) return [invalid(path, name, errors.join(','))]
  if (name.split('.').length >= 3) return []
  return [invalid(path, name, 'should be a domain with at least three segments separated by dots')]
}

function versionErrors(versions: readonly string[], path: string): FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)]
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
      : invalidEach(`${path}[${index}]`, version, dns1035Errors(version)),
  )
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return errors
  return [...errors, invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)]
}

/** What is wrong with match conditions. */
export function conditionErrors(conditions: readonly MatchCondition[], path: string): FieldError[] {
  const errors = conditions.length > MAX_CONDITIONS ? [tooMany(path, conditions.length, MAX_CONDITIONS)] : []
  const names = new Set<string>()
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const place = `${path}[${index}]`
    if (expression.trim() === '') errors.push(required(`${place}.expression`))
    else errors.push(...expressionErrors(expression, `${place}.expression`, 'bool'))
    if (name === '') errors.push(required(`${place}.name`))
    else errors.push(...invalidEach(`${place}.name`, name, qualifiedNameErrors(name)))
    if (name !== '' && names.has(name)) errors.push(duplicate(`${place}.name`, name))
    names.add(name)
  }
  return errors
}
