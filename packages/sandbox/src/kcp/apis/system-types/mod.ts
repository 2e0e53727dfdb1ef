import type { Resource } from '../../../kube/resource.ts'
import { apiBindingSource } from './api-bindings.ts'
import { apiConversionSource } from './api-conversions.ts'
import { apiExportSource } from './api-exports.ts'
import { apiResourceSchemaSource } from './api-resource-schemas.ts'
import { endpointSliceSource } from './endpoint-slices.ts'
import { systemResource } from './source.ts'

export const apiResourceSchemas = systemResource(apiResourceSchemaSource)
export const apiExports = systemResource(apiExportSource)
export const apiBindings = systemResource(apiBindingSource)
export const endpointSlices = systemResource(endpointSliceSource)
export const apiConversions = systemResource(apiConversionSource)

/** `Resource.storage` of exports and bindings. */
export const API_EXPORTS = apiExports.storage
export const API_BINDINGS = apiBindings.storage

/** The types of group apis.kcp.io, served in every logical cluster (contract 1.11). */
export const apisTypes: readonly Resource[] = [
  apiResourceSchemas,
  apiExports,
  apiBindings,
  endpointSlices,
  apiConversions,
]
