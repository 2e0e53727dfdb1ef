import type { FieldError } from '../errors.ts'
import { invalid, notSupported, required } from './field-errors.ts'

export type RuleWithOperations = {
  operations?: string[]
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']

/** What is wrong with a rule that tells which requests a webhook or policy is about. */
export function ruleErrors(rule: RuleWithOperations, path: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  const errors = listErrors(operations, `${path}.operations`, 'operations')
  for (const [index, each] of operations.entries()) {
    if (!OPERATIONS.includes(each)) errors.push(notSupported(`${path}.operations[${index}]`, each, OPERATIONS))
  }
  errors.push(...listErrors(apiGroups, `${path}.apiGroups`, 'API groups'))
  errors.push(...listErrors(apiVersions, `${path}.apiVersions`, 'API versions'))
  for (const [index, each] of apiVersions.entries()) {
    if (each === '') errors.push(required(`${path}.apiVersions[${index}]`))
  }
  errors.push(...resourceErrors(resources, `${path}.resources`))
  if (scope !== undefined && !SCOPES.includes(scope)) errors.push(notSupported(`${path}.scope`, scope, SCOPES))
  return errors
}

function listErrors(list: readonly string[], path: string, what: string): FieldError[] {
  if (list.length === 0) return [required(path)]
  if (list.length === 1 || !list.includes('*')) return []
  return [invalid(path, list, `if '*' is present, must not specify other ${what}`)]
}

function resourceErrors(resources: readonly string[], path: string): FieldError[] {
  const errors = resources.length === 0 ? [required(path)] : []
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  let hasPlain = false
  for (const [index, each] of resources.entries()) {
    const place = `${path}[${index}]`
    if (each === '') errors.push(required(place))
    const slash = each.indexOf('/')
    if (slash < 0) {
      // As kube-apiserver has it: the last one without a subresource decides.
      if (each !== '') hasPlain = each !== '*'
      continue
    }
    const [resource, subresource] = [each.slice(0, slash), each.slice(slash + 1)]
    const refuse = (by: string) => errors.push(invalid(place, each, `if '${by}' is present, must not specify ${each}`))
    if (wholeResources.has(resource)) refuse(`${resource}/*`)
    if (wholeSubresources.has(subresource)) refuse(`*/${subresource}`)
    if (subresource === '*') wholeResources.add(resource)
    if (resource === '*') wholeSubresources.add(subresource)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(path, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && hasPlain) {
    errors.push(invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
  }
  return errors
}
