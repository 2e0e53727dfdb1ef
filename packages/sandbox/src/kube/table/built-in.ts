import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'
import type { KubeObject } from '../objects.ts'
import { eventRow, policyBindingRow, policyRow, quotaRow, requestRow, roleBindingRow } from './built-in-rows.ts'
import { type Column, CREATED_AT, type Layout, NAME } from './columns.ts'
import type { Cell } from './custom-cell.ts'
import { ageOf } from './duration.ts'

/** Recorded from a real kube-apiserver by scripts/record-tables.ts. */
const FILE = new URL('../../../data/table-columns.json', import.meta.url)

/** The cells of a row of a built-in type. */
type BuiltInRow = (object: KubeObject, now: Date) => Cell[]

const withAge =
  (cells: (object: KubeObject) => Cell[]): BuiltInRow =>
  (object, now) => [object.metadata.name ?? '', ...cells(object), ageOf(object.metadata.creationTimestamp, now)]

const sizeOf = (value: unknown): number =>
  Array.isArray(value) ? value.length : typeof value === 'object' && value !== null ? Object.keys(value).length : 0

const webhooks = withAge(({ webhooks: list }) => [sizeOf(list)])

/** Rows of the built-in types that have columns of their own, by `group/Kind`. */
const ROWS: Readonly<Record<string, BuiltInRow>> = {
  '/ConfigMap': withAge(({ data, binaryData }) => [sizeOf(data) + sizeOf(binaryData)]),
  '/Event': eventRow,
  '/Namespace': withAge(({ status }) => [(status as { phase?: string } | undefined)?.phase ?? '']),
  '/ResourceQuota': quotaRow,
  '/Secret': withAge(({ type, data }) => [String(type ?? ''), sizeOf(data)]),
  '/ServiceAccount': withAge(({ secrets }) => [sizeOf(secrets)]),
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': policyRow,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': policyBindingRow,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'certificates.k8s.io/CertificateSigningRequest': requestRow,
  'coordination.k8s.io/Lease': withAge(({ spec }) => [
    (spec as { holderIdentity?: string } | undefined)?.holderIdentity ?? '',
  ]),
  'events.k8s.io/Event': eventRow,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBindingRow,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingRow,
}

const DEFAULT: Layout = {
  columns: [NAME, CREATED_AT],
  row: ({ metadata }) => [metadata.name ?? '', metadata.creationTimestamp ?? '0001-01-01T00:00:00Z'],
}

let columns: Readonly<Record<string, readonly Column[]>> | undefined

/** Columns and rows of a built-in type as kube-apiserver prints them. */
export function builtInTable(group: string, kind: string): Layout {
  const key = `${group}/${kind}`
  const row = Object.hasOwn(ROWS, key) ? ROWS[key] : undefined
  if (row === undefined) return DEFAULT
  columns ??= parseJson<{ columns: Record<string, Column[]> }>(readFileSync(FILE, 'utf8')).columns
  return { columns: columns[key] ?? [], row }
}
