import type { FieldError } from '../errors.ts'
import { qualifiedNameErrors } from '../name-rules.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import { invalid, invalidEach } from './field-errors.ts'

const COMPUTE = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
const EPHEMERAL = ['ephemeral-storage', 'requests.ephemeral-storage', 'limits.ephemeral-storage']
const COUNTED = [
  ...[
    'pods',
    'resourcequotas',
    'services',
    'replicationcontrollers',
    'secrets',
    'configmaps',
    'persistentvolumeclaims',
  ],
  ...['services.nodeports', 'services.loadbalancers'],
]
const FOR_QUOTA = new Set([...COMPUTE, ...EPHEMERAL, ...COUNTED, 'requests.storage'])
const STANDARD = new Set([...FOR_QUOTA, 'storage'])
const OF_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage'])
const HUGE_PAGES = /^hugepages-/
const QUOTA_HUGE_PAGES = /^(requests\.)?hugepages-/
const SCOPES = new Set([
  ...['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'PriorityClass'],
  ...['VolumeAttributesClass', 'CrossNamespacePodAffinity'],
])
const UNIT = 10n ** 9n

/** What is wrong with the name of a resource, such as `cpu` or `example.com/gpus`. */
export function resourceNameErrors(name: string, path: string): FieldError[] {
  const errors = invalidEach(path, name, qualifiedNameErrors(name))
  if (errors.length > 0 || name.includes('/') || STANDARD.has(name) || QUOTA_HUGE_PAGES.test(name)) return errors
  return [invalid(path, name, 'must be a standard resource type or fully qualified')]
}

/** As above, of what a quota counts. */
export function quotaResourceErrors(name: string, path: string): FieldError[] {
  const errors = resourceNameErrors(name, path)
  if (!name.includes('/') && !isForQuota(name))
    errors.push(invalid(path, name, 'must be a standard resource for quota'))
  return errors
}

/** As above, of what a container can ask for. */
export function containerResourceErrors(name: string, path: string): FieldError[] {
  const errors = resourceNameErrors(name, path)
  if (!name.includes('/')) {
    if (!OF_CONTAINERS.has(name) && !HUGE_PAGES.test(name)) {
      errors.push(invalid(path, name, 'must be a standard resource for containers'))
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(path, name, "doesn't follow extended resource name standard"))
  }
  return errors
}

/** What is wrong with how much of a resource a quota allows. */
export function quotaValueErrors(name: string, value: string, path: string): FieldError[] {
  const { nanos } = parseQuantity(value)
  const errors = nanos < 0n ? [invalid(path, value, 'must be greater than or equal to 0')] : []
  if ((COUNTED.includes(name) || isExtended(name)) && nanos % UNIT !== 0n) {
    errors.push(invalid(path, value, 'must be an integer'))
  }
  return errors
}

/** Whether kube-apiserver knows `scope` of a quota. */
export function isScope(scope: string): boolean {
  return SCOPES.has(scope)
}

/** Whether a quota with `scope` may limit the standard resource `name`. */
export function fitsScope(scope: string, name: string): boolean {
  if (!isForQuota(name) || !SCOPES.has(scope)) return true
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return name === 'persistentvolumeclaims' || name === 'requests.storage'
  return name === 'pods' || COMPUTE.includes(name)
}

/** Whether a limit of `name` may exceed its request. */
export function mayOvercommit(name: string): boolean {
  return isNative(name) && !HUGE_PAGES.test(name)
}

/** Negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

function isForQuota(name: string): boolean {
  return FOR_QUOTA.has(name) || QUOTA_HUGE_PAGES.test(name)
}

function isNative(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/')
}

function isExtended(name: string): boolean {
  if (isNative(name) || name.startsWith('requests.')) return false
  return qualifiedNameErrors(`requests.${name}`).length === 0
}
