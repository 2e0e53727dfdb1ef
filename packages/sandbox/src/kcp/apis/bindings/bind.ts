import { BINDING_UP_TO_DATE, EXPORT_VALID } from '../../condition-types.ts'
import type { Severity } from '../../conditions.ts'
import { type ApiBinding, type ApiResourceSchema, isServedHere } from '../types.ts'
import { conflictOf } from './conflicts.ts'
import type { BindingContext, Found } from './context.ts'
import { hold } from './locks.ts'

/** What came of an attempt to bind: the schemas to serve, or what stands in the way, as a condition. */
export type Outcome =
  | { readonly schemas: readonly ApiResourceSchema[] }
  | { readonly condition: string; readonly severity: Severity; readonly reason: string; readonly message: string }

/** Takes the types of an export for a binding, and keeps their schemas (contract 5.4). */
export function bind(context: BindingContext, binding: ApiBinding, found: Found | undefined): Outcome {
  if (found === undefined) return notFound(context, binding)
  const { exportCluster, exportName, apiExport } = found
  if (apiExport.status?.identityHash === undefined) {
    const message = `APIExport ${exportCluster}|${exportName} is missing status.identityHash`
    return { condition: EXPORT_VALID, severity: 'Warning', reason: 'MissingIdentityHash', message }
  }
  const schemas = schemasOf(context, found)
  if (schemas === undefined) {
    const message = isBound(binding)
      ? 'An internal error occurred with the APIExport'
      : 'Invalid APIExport. Please contact the APIExport owner to resolve'
    return { condition: EXPORT_VALID, severity: 'Error', reason: 'InternalError', message }
  }
  const conflict = conflictOf(context, schemas)
  if (conflict !== undefined) {
    const message = `Unable to bind APIs: ${conflict}`
    return { condition: BINDING_UP_TO_DATE, severity: 'Error', reason: 'NamingConflicts', message }
  }
  take(context, schemas)
  return { schemas }
}

/** Whether the types of a binding were there once. */
export function isBound({ status }: ApiBinding): boolean {
  return status?.phase === 'Bound'
}

function notFound({ cluster }: BindingContext, binding: ApiBinding): Outcome {
  const { path = '', name = '' } = binding.spec?.reference?.export ?? {}
  const message = `APIExport ${path === '' ? cluster : path}|${name} not found`
  return {
    ...{ condition: EXPORT_VALID, severity: isBound(binding) ? 'Warning' : 'Error' },
    ...{ reason: 'APIExportNotFound', message },
  }
}

function schemasOf({ services }: BindingContext, { exportCluster, apiExport }: Found): ApiResourceSchema[] | undefined {
  const found = (apiExport.spec?.resources ?? [])
    .filter(isServedHere)
    .map(({ schema }) => services.cache.get('apiresourceschemas.apis.kcp.io', exportCluster, schema)?.object)
  return found.every((schema) => schema !== undefined) ? (found as ApiResourceSchema[]) : undefined
}

function take({ bound, client, name }: BindingContext, schemas: readonly ApiResourceSchema[]): void {
  const types = schemas.map(({ spec }) => ({ group: spec.group, resource: spec.names.plural }))
  hold(client, name, types)
  for (const schema of schemas) bound.schemas.keep(schema)
}
