import { parseJson, stringifyJson } from '@resource-broker/json'
import { isObject, setKey } from '../../../../kube/json.ts'
import type { JsonObject, KubeObject } from '../../../../kube/objects.ts'

/** Where an object keeps what its other version cannot say (contract 4.5), as JSON lists. */
export const RESOURCES = 'apis.v1alpha2.kcp.io/resource-schemas'
export const CLAIMS = 'apis.v1alpha2.kcp.io/permission-claims'
export const APPLIED_CLAIMS = 'apis.v1alpha2.kcp.io/applied-permission-claims'
export const EXPORT_CLAIMS = 'apis.v1alpha2.kcp.io/export-permission-claims'
export const OLD_CLAIMS = 'apis.v1alpha2.kcp.io/v1alpha1-permission-claims'

/** The list in an annotation; undefined where there is none, or none that can be read. */
export function keptIn({ metadata }: KubeObject, key: string): JsonObject[] | undefined {
  const text = metadata.annotations?.[key]
  if (text === undefined) return undefined
  try {
    const list = parseJson(text) as unknown
    return Array.isArray(list) && list.every(isObject) ? list : undefined
  } catch {
    // Admission refuses to take such a text; one that was stored before says nothing.
    return undefined
  }
}

/** Keeps a list in an annotation of `object`, in place; an empty one takes the annotation away. */
export function keep(object: KubeObject, key: string, list: readonly JsonObject[]): void {
  const { annotations } = object.metadata
  if (list.length > 0) {
    if (annotations === undefined) object.metadata.annotations = { [key]: stringifyJson(list) }
    else setKey(annotations, key, stringifyJson(list))
  } else if (annotations !== undefined) {
    delete annotations[key]
    if (Object.keys(annotations).length === 0) delete object.metadata.annotations
  }
}
