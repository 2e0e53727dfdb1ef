import type { KubeObject } from '../objects.ts'
import type { PrinterColumn } from '../resource.ts'
import { type Cell, customCell } from './custom-cell.ts'
import { compileJsonPath } from './json-path.ts'

/** A column as a Table defines it. */
export type Column = { name: string; type: string; format: string; description: string; priority: number }
export type RowMaker = (object: KubeObject, now: Date) => Cell[]
export type Layout = { readonly columns: readonly Column[]; readonly row: RowMaker }

const NAME_TEXT =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names'
const CREATED_TEXT =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata'

export const NAME: Column = { name: 'Name', type: 'string', format: 'name', description: NAME_TEXT, priority: 0 }
const AGE: Column = column('Age', 'string', CREATED_TEXT)
export const CREATED_AT: Column = { ...AGE, name: 'Created At', type: 'date' }

function column(name: string, type: string, description: string, priority = 0): Column {
  return { name, type, format: '', description, priority }
}

const layouts = new WeakMap<readonly PrinterColumn[], Layout>()

/** The layout that a definition's printer columns make; those of one version are read once. */
export function customColumns(columns: readonly PrinterColumn[]): Layout {
  const known = layouts.get(columns) ?? makeLayout(columns)
  layouts.set(columns, known)
  return known
}

/** A definition without columns shows the age. */
const DEFAULT: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: CREATED_TEXT },
]

function makeLayout(given: readonly PrinterColumn[]): Layout {
  const columns = given.length > 0 ? given : DEFAULT
  const readable = columns.map(({ jsonPath, type }) => ({ type, path: compileJsonPath(jsonPath) }))
  // kube-apiserver stops at a path that it cannot read.
  const broken = readable.findIndex(({ path }) => path === undefined)
  const shown = broken < 0 ? columns.length : broken
  return {
    columns: [NAME, ...columns.slice(0, shown).map(definitionOf)],
    row: (object, now) => [
      object.metadata.name ?? '',
      ...readable.slice(0, shown).map(({ type, path }) => customCell(type, path!(object), now)),
    ],
  }
}

function definitionOf({ name, type, format = '', description = '', priority = 0, jsonPath }: PrinterColumn): Column {
  const text = description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description
  return { name, type, format, description: text, priority }
}
