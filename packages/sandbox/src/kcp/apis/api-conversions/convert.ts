import { parseJson, stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../../kube/errors.ts'
import { namesIn, setAt, valueAt } from '../../../kube/field-path.ts'
import { deepClone, isObject, setKey } from '../../../kube/json.ts'
import type { JsonObject, KubeObject } from '../../../kube/objects.ts'
import { CLUSTER_ANNOTATION } from '../../names.ts'
import type { ShardServices } from '../../services.ts'
import type { ApiConversion, ApiResourceSchema } from '../types.ts'
import { type Compiled, compileConversions } from './compile.ts'

type Convert = (object: KubeObject, apiVersion: string) => KubeObject

const PRESERVED = 'preserve.conversion.apis.kcp.io/'

/** Converts objects of a schema by its APIConversion, if there is one (contract 4.8). */
export function converterOf({ cache }: ShardServices, schema: ApiResourceSchema): Convert {
  const cluster = schema.metadata.annotations?.[CLUSTER_ANNOTATION] ?? ''
  let known: { of: KubeObject; compiled: readonly Compiled[] } | undefined
  return (object, apiVersion) => {
    const found = cache.get('apiconversions.apis.kcp.io', cluster, schema.metadata.name ?? '')?.object
    if (found !== undefined && known?.of !== found) {
      known = { of: found, compiled: compileConversions(found as ApiConversion, schema).compiled }
    }
    return convert(object, apiVersion, found === undefined ? [] : (known?.compiled ?? []))
  }
}

/** An object in another version, as a new object: what no rule is about stays as it is. Throws StatusError where a rule fails. */
export function convert(object: KubeObject, apiVersion: string, conversions: readonly Compiled[]): KubeObject {
  const copy = deepClone(object)
  const [from, to] = [versionIn(object.apiVersion), versionIn(apiVersion)]
  copy.apiVersion = apiVersion
  const conversion = conversions.find((each) => each.from === from && each.to === to)
  if (conversion === undefined) return copy
  for (const { field, destination, transform } of conversion.rules) {
    const value = valueAt(object as JsonObject, field)
    if (value === undefined) continue
    try {
      setAt(copy as JsonObject, destination, transform(value))
    } catch (cause) {
      throw StatusError.internal(new Error(`conversion of ${field} from ${from} to ${to} failed: ${String(cause)}`))
    }
  }
  preserve(copy, object, conversion)
  restore(copy, to)
  return copy
}

function preserve(copy: KubeObject, object: KubeObject, { from, preserve }: Compiled): void {
  const kept: JsonObject = {}
  for (const path of preserve) {
    const value = valueAt(object as JsonObject, path)
    if (value !== undefined) setKey(kept, namesIn(path).join('.'), value)
  }
  if (Object.keys(kept).length === 0) return
  copy.metadata.annotations = { ...copy.metadata.annotations, [PRESERVED + from]: stringifyJson(kept) }
}

/** Gives back what was preserved from the version that the object has again. */
function restore(copy: KubeObject, to: string): void {
  const { [PRESERVED + to]: text, ...others } = copy.metadata.annotations ?? {}
  if (text === undefined) return
  for (const [path, value] of Object.entries(parsed(text))) setAt(copy as JsonObject, path, value)
  if (Object.keys(others).length === 0) delete copy.metadata.annotations
  else copy.metadata.annotations = others
}

function parsed(text: string): JsonObject {
  try {
    const value = parseJson(text) as unknown
    return isObject(value) ? value : {}
  } catch {
    // Whoever wrote the annotation by hand gets nothing back from it.
    return {}
  }
}

function versionIn(apiVersion: string): string {
  return apiVersion.split('/').at(-1)!
}
