import type { JsonObject, JsonValue, KubeObject } from '../objects.ts'
import type { Resource, ResourceVersion } from '../resource.ts'
import { builtInTable } from './built-in.ts'
import { type Column, customColumns, type RowMaker } from './columns.ts'
import { type ListMeta, listMetaOf, type MetaVersion, partialMetadata } from './partial-metadata.ts'

export type TableOptions = {
  now: Date
  /** What each row carries of its object. */
  includeObject: 'None' | 'Metadata' | 'Object'
  /** Of the list; for a single object, its resourceVersion. */
  listMeta?: ListMeta
  /** Later events of a watch leave out the column definitions. */
  noHeaders?: boolean
  /** Of meta.k8s.io. */
  metaVersion?: MetaVersion
}

/**
 * Objects as a Table of meta.k8s.io: built-in types in the columns of kube-apiserver, others by their printer columns.
 * Rows share parts with the objects.
 */
export function tableOf(
  resource: Resource,
  version: ResourceVersion,
  objects: readonly KubeObject[],
  options: TableOptions,
): JsonObject {
  const { now, includeObject, listMeta = {}, noHeaders = false, metaVersion = 'v1' } = options
  const { columns, row } = layoutOf(resource, version)
  const rows = objects.map((object) => ({
    cells: row(object, now) as JsonValue[],
    object: included(object, includeObject, metaVersion),
  }))
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${metaVersion}`,
    metadata: listMetaOf(listMeta),
    columnDefinitions: noHeaders ? null : (columns as unknown as JsonObject[]),
    // What has no columns of its own goes through kube-apiserver's common converter, whose empty list is Go's nil.
    rows:
      rows.length === 0 && columns.some(({ name }) => name === 'Created At') ? null : (rows as unknown as JsonObject[]),
  }
}

function layoutOf(resource: Resource, version: ResourceVersion): { columns: readonly Column[]; row: RowMaker } {
  const layout = resource.builtIn ? builtInTable(resource.group, resource.kind) : customColumns(version.columns)
  const { tableRow } = resource.strategy
  return tableRow === undefined ? layout : { ...layout, row: (object) => tableRow(object) }
}

function included(object: KubeObject, what: TableOptions['includeObject'], version: MetaVersion): JsonValue {
  if (what === 'None') return null
  return (what === 'Object' ? object : partialMetadata(object, version)) as unknown as JsonObject
}
