import { BINDING_UP_TO_DATE, EXPORT_VALID, INITIAL_BINDING_COMPLETED } from '../../condition-types.ts'
import { markFalse, markTrue, summarize } from '../../conditions.ts'
import type { ApiBinding, ApiResourceSchema, BoundResource } from '../types.ts'
import { isBound, type Outcome } from './bind.ts'
import type { Found } from './context.ts'

const WAITING = {
  severity: 'Info',
  reason: 'WaitingForEstablished',
  message: 'WaitingBindings for API(s) to be established',
} as const

/** The status that a new binding begins with, in place (contract 5.4). */
export function reportBeginning(binding: ApiBinding, now: Date): void {
  binding.status = { ...binding.status, phase: 'Binding' }
  markFalse(binding, INITIAL_BINDING_COMPLETED, WAITING, now)
  summarize(binding, [INITIAL_BINDING_COMPLETED], now)
}

/** What came of binding, in the status, in place. What was bound once stays Bound and Ready, whatever comes (contract 5.4). */
export function report(binding: ApiBinding, found: Found | undefined, outcome: Outcome, now: Date): void {
  if (found !== undefined) noteExport(binding, found)
  if ('schemas' in outcome) {
    noteResources(binding, outcome.schemas, found?.apiExport.status?.identityHash ?? '')
    for (const condition of [EXPORT_VALID, INITIAL_BINDING_COMPLETED, BINDING_UP_TO_DATE])
      markTrue(binding, condition, now)
    binding.status = { ...binding.status, phase: 'Bound' }
  } else {
    const { condition, ...why } = outcome
    markFalse(binding, condition, why, now)
    if (condition !== EXPORT_VALID) {
      markTrue(binding, EXPORT_VALID, now)
      if (!isBound(binding)) markFalse(binding, INITIAL_BINDING_COMPLETED, why, now)
    }
  }
  summarize(binding, [INITIAL_BINDING_COMPLETED], now)
}

function noteExport(binding: ApiBinding, { exportCluster, apiExport }: Found): void {
  const { exportPermissionClaims: _, ...status } = binding.status ?? {}
  const { permissionClaims = [] } = apiExport.spec ?? {}
  binding.status = {
    ...{ ...status, apiExportClusterName: exportCluster },
    ...(permissionClaims.length > 0 && { exportPermissionClaims: permissionClaims }),
  }
}

function noteResources(binding: ApiBinding, schemas: readonly ApiResourceSchema[], identityHash: string): void {
  const { boundResources: before = [], ...status } = binding.status ?? {}
  const boundResources = schemas.map((schema) => boundResource(schema, identityHash, before))
  binding.status = { ...status, ...(boundResources.length > 0 && { boundResources }) }
}

/** Versions that objects were stored in before stay in the list. */
function boundResource(
  { metadata, spec }: ApiResourceSchema,
  identityHash: string,
  before: readonly BoundResource[],
): BoundResource {
  const { group, names, versions } = spec
  const known = before.find((each) => each.group === group && each.resource === names.plural)
  const stored = versions.filter(({ storage }) => storage).map(({ name }) => name)
  return {
    ...{ group, resource: names.plural },
    schema: { name: metadata.name ?? '', UID: metadata.uid ?? '', identityHash },
    storageVersions: [...new Set([...(known?.storageVersions ?? []), ...stored])].sort(),
  }
}
