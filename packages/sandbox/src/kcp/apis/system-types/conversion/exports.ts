import { deepClone, isObject } from '../../../../kube/json.ts'
import type { JsonObject, JsonValue, KubeObject } from '../../../../kube/objects.ts'
import { APIS } from '../../../names.ts'
import { CLAIMS, keep, keptIn, OLD_CLAIMS, RESOURCES } from './annotations.ts'
import { claimsIn, isBeyondOld, toNewClaims, toOldClaims } from './claims.ts'

const NEW = `${APIS}/v1alpha2`
const CORE_GROUP = 'core'

/** An APIExport in its other version, as a new object. What that one cannot say goes into annotations (contract 4.5). */
export function convertExport(object: KubeObject, apiVersion: string): KubeObject {
  const copy = deepClone(object)
  if (copy.apiVersion === apiVersion) return copy
  copy.apiVersion = apiVersion
  const spec = copy['spec']
  if (isObject(spec)) copy['spec'] = apiVersion === NEW ? toNewSpec(copy, spec) : toOldSpec(copy, spec)
  return copy
}

/** Plural and group in the name of an APIResourceSchema, `<prefix>.<plural>.<group or core>`; undefined where it has not this form. */
export function typeInSchemaName(schema: string): { name: string; group: string } | undefined {
  const [prefix, name, ...group] = schema.split('.')
  if (prefix === undefined || name === undefined || group.length === 0) return undefined
  return { name, group: group.join('.') === CORE_GROUP ? '' : group.join('.') }
}

function toOldSpec(copy: KubeObject, { resources, permissionClaims, ...rest }: JsonObject): JsonObject {
  const all = itemsOf(resources)
  const names = all.filter(isPlain).flatMap(({ schema }) => (typeof schema === 'string' ? [schema] : []))
  keep(
    copy,
    RESOURCES,
    all.filter((each) => !isPlain(each)),
  )
  const claims = claimsIn(permissionClaims)
  const originals = keptIn(copy, OLD_CLAIMS)
  keep(copy, CLAIMS, claims.filter(isBeyondOld))
  keep(copy, OLD_CLAIMS, [])
  return {
    ...rest,
    ...(names.length > 0 && { latestResourceSchemas: names }),
    ...(permissionClaims !== undefined && { permissionClaims: toOldClaims(claims, originals) }),
  }
}

function toNewSpec(copy: KubeObject, { latestResourceSchemas, permissionClaims, ...rest }: JsonObject): JsonObject {
  const names = Array.isArray(latestResourceSchemas) ? latestResourceSchemas.map(String) : []
  const resources = [...names.map(plainResource), ...(keptIn(copy, RESOURCES) ?? [])]
  const claims = claimsIn(permissionClaims)
  const kept = keptIn(copy, CLAIMS) ?? []
  keep(copy, RESOURCES, [])
  keep(copy, CLAIMS, [])
  keep(copy, OLD_CLAIMS, claims)
  return {
    ...rest,
    ...(resources.length > 0 && { resources }),
    ...(permissionClaims !== undefined && { permissionClaims: toNewClaims(claims, { kept, selector: false }) }),
  }
}

function plainResource(schema: string): JsonObject {
  const { name, group } = typeInSchemaName(schema) ?? { name: '', group: '' }
  return { name, group, schema, storage: { crd: {} } }
}

/** Whether the type is one that v1alpha1 can name. */
function isPlain({ storage }: JsonObject): boolean {
  return !isObject(storage) || storage['virtual'] === undefined
}

function itemsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
