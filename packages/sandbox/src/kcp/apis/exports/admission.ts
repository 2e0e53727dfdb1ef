import type { FieldError } from '../../../kube/errors.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { duplicate, invalid } from '../../../kube/schema/field-errors.ts'
import { APIS } from '../../names.ts'
import { fieldRefusal } from '../../refusal.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { claimedResources } from '../claims/mod.ts'
import { CLAIMS, keptIn, RESOURCES } from '../system-types/conversion/annotations.ts'
import { convertExport, typeInSchemaName } from '../system-types/conversion/exports.ts'
import { API_EXPORTS } from '../system-types/mod.ts'
import { V1, V2 } from '../system-types/source.ts'
import type { ApiExport, ExportedResource, PermissionClaim } from '../types.ts'

/** Takes only APIExports whose claims and types can be told apart (contract 4.5). */
export function exportAdmission(services: ShardServices, bound: BoundTypes): AdmissionPlugin {
  return {
    name: 'apis.kcp.io/APIExport',
    validate(request) {
      const { resource, object, version, subresource } = request
      if (resource.storage !== API_EXPORTS || subresource !== '' || object === undefined) return
      if (version === V1) {
        const errors = errorsOfOld(object)
        if (errors.length > 0) throw fieldRefusal(request, ...errors)
      }
      const { spec } = convertExport(object, `${APIS}/${V2}`) as ApiExport
      const errors = [
        ...(spec?.permissionClaims ?? []).flatMap((claim, at) => errorsOfClaim(services, bound, claim, at)),
        ...(spec?.resources ?? []).flatMap(errorsOfResource),
        ...errorsOfDuplicates(spec?.resources ?? []),
      ]
      if (errors.length > 0) throw fieldRefusal(request, errors[0]!)
    },
  }
}

/** What has to be right before v1alpha1 can be read as v1alpha2. */
function errorsOfOld(object: KubeObject): FieldError[] {
  const unreadable = [RESOURCES, CLAIMS].filter(
    (key) => object.metadata.annotations?.[key] !== undefined && keptIn(object, key) === undefined,
  )
  const { latestResourceSchemas = [] } = (object['spec'] ?? {}) as { latestResourceSchemas?: string[] }
  return [
    ...unreadable.map((key) =>
      invalid(`metadata.annotations[${key}]`, object.metadata.annotations?.[key], 'failed to decode'),
    ),
    ...latestResourceSchemas.flatMap((name, at) =>
      typeInSchemaName(name) !== undefined
        ? []
        : [invalid(`spec.latestResourceSchemas[${at}]`, name, 'must have at least 3 dot-separated segments')],
    ),
  ]
}

function errorsOfClaim(services: ShardServices, bound: BoundTypes, claim: PermissionClaim, at: number): FieldError[] {
  if ((claim.identityHash ?? '') !== '' || claim.group === APIS) return []
  if (claimedResources(services, bound, claim).length > 0) return []
  const detail = 'identityHash is required for API types that are not built-in'
  return [invalid(`spec.permissionClaims[${at}].identityHash`, '', detail)]
}

function errorsOfResource({ name, group = '', schema }: ExportedResource, at: number): FieldError[] {
  const end = `.${name}.${group === '' ? 'core' : group}`
  return schema.endsWith(end) ? [] : [invalid(`spec.resources[${at}].schema`, schema, `must end in ${end}`)]
}

/** Two names in v1alpha1 may be of one type, which could not be bound. */
function errorsOfDuplicates(resources: readonly ExportedResource[]): FieldError[] {
  const isSame = (a: ExportedResource, b: ExportedResource) => a.name === b.name && a.group === b.group
  return resources.flatMap((each, at) =>
    resources.findIndex((other) => isSame(each, other)) < at
      ? [duplicate(`spec.resources[${at}]`, { group: each.group, name: each.name })]
      : [],
  )
}
