import type { KubeObject } from '../../../kube/objects.ts'
import type { PrinterColumn, Resource, ResourceVersion, Strategy, Verb } from '../../../kube/resource.ts'
import { compileSchema, type ObjectSchema, type OpenApiSchema } from '../../../kube/schema/mod.ts'
import { APIS } from '../../names.ts'
import { systemStorage } from '../../storage.ts'

/** One version of a type of group apis.kcp.io. */
type VersionSource = {
  name: string
  /** Whether it has a status, written by `/status`. */
  status: boolean
  columns: readonly PrinterColumn[]
  /** Made when it is needed. */
  schema: () => OpenApiSchema
}

/** A cluster-scoped type of group apis.kcp.io. */
export type TypeSource = {
  plural: string
  singular: string
  kind: string
  versions: readonly VersionSource[]
  storageVersion: string
  convert?: (object: KubeObject, apiVersion: string) => KubeObject
  strategy?: Strategy
}

/** Versions of group apis.kcp.io. */
export const V1 = 'v1alpha1'
export const V2 = 'v1alpha2'
/** Column of kubectl get. */
export const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }

const VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** The type as it is served in every logical cluster. Its schemas are compiled when they are first needed. */
export function systemResource(source: TypeSource): Resource {
  const { plural, singular, kind, versions, storageVersion, convert, strategy } = source
  return {
    ...{ group: APIS, resource: plural, singular, kind, listKind: `${kind}List`, shortNames: [], categories: ['kcp'] },
    ...{ namespaced: false, verbs: VERBS, storage: systemStorage(APIS, plural), storageVersion, builtIn: false },
    strategy: { hasGeneration: true, ...strategy },
    versions: new Map(versions.map((version) => [version.name, versionOf(kind, version)])),
    ...(convert !== undefined && { convert }),
  }
}

function versionOf(kind: string, { name, status, columns, schema }: VersionSource): ResourceVersion {
  let compiled: ObjectSchema | undefined
  return {
    ...{ name, served: true, status, selectableFields: [], columns },
    get schema() {
      compiled ??= compileSchema(schema(), { group: APIS, version: name, kind })
      return compiled
    },
  }
}
