import type { FieldError } from '../errors.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { immutable, invalid, required } from './field-errors.ts'
import { fitsScope, isScope, quotaResourceErrors, quotaValueErrors } from './resource-names.ts'
import { sortedKeys } from './sorted-keys.ts'

type Amounts = Record<string, string>
type Requirement = { scopeName: string; operator: string; values?: string[] }
type Spec = { hard?: Amounts; scopes?: string[]; scopeSelector?: { matchExpressions?: Requirement[] } }
type Quota = KubeObject & { spec?: Spec; status?: { hard?: Amounts; used?: Amounts } }

const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const
/** Scopes that a quota either has or has not. */
const WITHOUT_VALUES = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity']

export const resourceQuotas: Strategy = {
  allowUnconditionalUpdate: true,
  prepareForCreate(next: Quota) {
    next.status = {}
  },
  prepareForUpdate(next: Quota, old: Quota, { subresource }) {
    if (subresource === 'status') next.spec = { ...old.spec }
    else next.status = { ...old.status }
  },
  validate(next: Quota, old: Quota | undefined, { subresource }) {
    if (subresource === 'status') {
      return [...amountErrors(next.status?.hard, 'status.hard'), ...amountErrors(next.status?.used, 'status.used')]
    }
    return [...specErrors(next.spec ?? {}), ...(old === undefined ? [] : scopeChange(next, old))]
  },
}

function amountErrors(amounts: Amounts | undefined, path: string): FieldError[] {
  return sortedKeys(amounts).flatMap((name) => {
    const place = `${path}[${name}]`
    return [...quotaResourceErrors(name, place), ...quotaValueErrors(name, amounts![name]!, place)]
  })
}

function specErrors(spec: Spec): FieldError[] {
  const { hard, scopes = [], scopeSelector } = spec
  const errors = amountErrors(hard, 'spec.hard')
  const names = sortedKeys(hard)
  for (const scope of scopes) {
    if (!isScope(scope)) errors.push(invalid('spec.scopes', scopes, 'unsupported scope'))
    for (const name of names) {
      if (!fitsScope(scope, name)) errors.push(invalid('spec.scopes', scopes, 'unsupported scope applied to resource'))
    }
  }
  errors.push(...conflicts(scopes, scopes, 'spec.scopes'))
  return scopeSelector === undefined ? errors : [...errors, ...selectorErrors(spec)]
}

function selectorErrors({ hard, scopes, scopeSelector }: Spec): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions'
  const requirements = scopeSelector?.matchExpressions ?? []
  const errors = requirements.flatMap((requirement) => {
    const { scopeName } = requirement
    const unfit = sortedKeys(hard).filter((name) => !fitsScope(scopeName, name))
    return [
      ...(isScope(scopeName) ? [] : [invalid(`${path}.scopeName`, scopeName, 'unsupported scope')]),
      ...unfit.map(() => invalid(path, internalSelector(requirements), 'unsupported scope applied to resource')),
      ...requirementErrors(requirement, path),
    ]
  })
  const names = requirements.map(({ scopeName }) => scopeName)
  return [...errors, ...conflicts(names, scopes ?? null, path)]
}

function requirementErrors({ scopeName, operator, values = [] }: Requirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (WITHOUT_VALUES.includes(scopeName) && operator !== 'Exists') {
    const list = 'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort'
    const why = `must be 'Exists' when scope is any of ${list}, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity`
    errors.push(invalid(`${path}.operator`, operator, why))
  }
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (values.length === 0) errors.push(required(`${path}.values`, why))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (values.length > 0) errors.push(invalid(`${path}.values`, values, why))
  } else errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  return errors
}

function conflicts(names: readonly string[], shown: readonly string[] | null, path: string): FieldError[] {
  const found = OPPOSITES.filter((pair) => pair.every((each) => names.includes(each)))
  return found.map(() => invalid(path, shown, 'conflicting scopes'))
}

/** As kube-apiserver shows its own struct. */
function internalSelector(requirements: readonly Requirement[]): object {
  const shown = requirements.map(({ scopeName, operator, values }) => ({
    ...{ ScopeName: scopeName, Operator: operator, Values: values ?? null },
  }))
  return { MatchExpressions: shown }
}

function scopeChange(next: Quota, old: Quota): FieldError[] {
  const sorted = ({ spec }: Quota) => [...new Set(spec?.scopes ?? [])].sort()
  if (immutable('spec.scopes', sorted(next), sorted(old)).length === 0) return []
  return [invalid('spec.scopes', next.spec?.scopes ?? null, 'field is immutable')]
}
