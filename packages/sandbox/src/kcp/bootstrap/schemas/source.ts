import { createHash } from 'node:crypto'
import { stringifyJson } from '@resource-broker/json'
import type { KubeObject } from '../../../kube/objects.ts'
import type { PrinterColumn } from '../../../kube/resource.ts'
import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { APIS } from '../../names.ts'

/** One cluster-scoped type, of which an APIResourceSchema is made. */
export type SchemaSource = {
  group: string
  plural: string
  singular: string
  kind: string
  shortNames?: readonly string[]
  status: boolean
  columns?: readonly PrinterColumn[]
  /** Made when it is needed. */
  schema: () => OpenApiSchema
}

const VERSION = 'v1alpha1'
const HASH_LENGTH = 8

/** The APIResourceSchema of a type; another content has another name, so that an export follows a newer definition. */
export function apiResourceSchema(source: SchemaSource): KubeObject {
  const { group, plural, singular, kind, shortNames, status, columns, schema } = source
  const spec = {
    group,
    names: {
      ...{ plural, singular, kind, listKind: `${kind}List`, categories: ['kcp'] },
      ...(shortNames !== undefined && { shortNames }),
    },
    scope: 'Cluster',
    versions: [
      {
        ...{ name: VERSION, served: true, storage: true, schema: schema() },
        subresources: status ? { status: {} } : {},
        ...(columns !== undefined && { additionalPrinterColumns: columns }),
      },
    ],
  }
  const hash = createHash('sha256').update(stringifyJson(spec)).digest('hex').slice(0, HASH_LENGTH)
  return {
    apiVersion: `${APIS}/v1alpha1`,
    kind: 'APIResourceSchema',
    metadata: { name: `v${hash}.${plural}.${group}` },
    spec,
  }
}
