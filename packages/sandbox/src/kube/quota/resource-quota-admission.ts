import type { Store } from '../../store/types.ts'
import { StatusError } from '../errors.ts'
import { parseQuantity } from '../quantity.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../requests/types.ts'
import { countedNames } from './counted-names.ts'
import type { Amounts, QuotaIndex, ResourceQuota } from './quota-index.ts'

/** Quantities are read in units of 10^-9. */
const UNIT = 10n ** 9n

/**
 * Keeps the number of objects of a namespace within its ResourceQuotas, as kube-apiserver's plugin of that name does with what it
 * counts alone. A quota counts once the controller has seen it. What is used is counted anew: the status may be behind.
 */
export function resourceQuotaAdmission(store: Store, quotas: QuotaIndex): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    validate(request) {
      const { operation, resource, subresource, cluster, namespace } = request
      if (operation !== 'CREATE' || subresource !== '') return
      const names = countedNames(resource)
      if (names.length === 0) return
      for (const quota of quotas.in(cluster, namespace)) {
        const limited = limitsIn(quota, names)
        if (limited.length === 0) continue
        const used = store.count({ resource: resource.storage, cluster, namespace })
        const exceeded = limited.filter(([, hard]) => BigInt(used + 1) * UNIT > parseQuantity(hard).nanos)
        if (exceeded.length > 0) throw refusal(request, quota, exceeded, used)
      }
    },
  }
}

/** Scopes select pods, so a quota with one counts nothing else. */
function limitsIn({ spec, status }: ResourceQuota, names: readonly string[]): [name: string, hard: string][] {
  if ((spec?.scopes ?? []).length > 0 || spec?.scopeSelector !== undefined) return []
  return Object.entries((status?.hard ?? {}) as Amounts).filter(([name]) => names.includes(name))
}

function refusal(
  { resource, name, object }: AdmissionRequest,
  quota: ResourceQuota,
  exceeded: readonly [name: string, hard: string][],
  used: number,
): StatusError {
  const sorted = [...exceeded].sort(([a], [b]) => (a < b ? -1 : 1))
  const shown = (amount: (hard: string) => string) => sorted.map(([each, hard]) => `${each}=${amount(hard)}`).join(',')
  const amounts = `requested: ${shown(() => '1')}, used: ${shown(() => String(used))}, limited: ${shown((hard) => hard)}`
  const shownName = name || object?.metadata.generateName || 'Unknown'
  return StatusError.forbidden(resource, shownName, `exceeded quota: ${quota.metadata.name}, ${amounts}`)
}
