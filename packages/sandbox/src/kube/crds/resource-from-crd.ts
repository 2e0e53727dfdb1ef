import { compareVersions } from '../discovery/mod.ts'
import type { KubeObject } from '../objects.ts'
import type { PrinterColumn, Resource, ResourceVersion, Verb } from '../resource.ts'
import { compileSchema } from '../schema/mod.ts'
import type { ObjectSchema } from '../schema/types.ts'
import type { Crd, CrdNames, CrdVersion } from './definition.ts'

/** In the order in which apiextensions lists them. */
const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']

/** What types have that name no columns of their own. */
const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
}

export type CrdResourceOptions = {
  /** First segment of the instances' keys; by default made of plural and group. */
  storage?: string
  /** Of a bound resource. */
  identity?: string
}

/** The type while what defines it goes. */
export function ending(resource: Resource): Resource {
  return { ...resource, verbs: resource.verbs.filter((verb) => verb !== 'create'), isEnding: true }
}

/** The type that a CustomResourceDefinition defines. Its schemas are compiled when they are first needed. */
export function resourceFromCrd(object: KubeObject, { storage, identity }: CrdResourceOptions = {}): Resource {
  const { spec, status, metadata } = object as Crd
  const { group, scope, versions } = spec
  // What was accepted is served; a definition that never went through naming, as a bound one, has what it says.
  const accepted = status?.acceptedNames
  const names = accepted?.kind ? (accepted as CrdNames) : spec.names
  const { plural, kind } = names
  const storageVersion = versions.find((version) => version.storage) ?? versions[0]!
  const made: Resource = {
    group,
    resource: plural,
    kind,
    singular: names.singular || kind.toLowerCase(),
    listKind: names.listKind || `${kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs: VERBS,
    storage: storage ?? `${plural}.${group}:customresources`,
    storageVersion: storageVersion.name,
    versions: new Map(
      versions.map((version) => [version.name, new CrdResourceVersion(group, kind, version, versions)]),
    ),
    builtIn: false,
    strategy: {},
    ...(identity !== undefined && { identity }),
  }
  return metadata.deletionTimestamp === undefined ? made : ending(made)
}

/** Names the best version to use instead, when there is a better one. */
function deprecation(group: string, kind: string, name: string, all: readonly CrdVersion[]): string {
  const good = all.filter(({ served, deprecated }) => served && deprecated !== true).map((version) => version.name)
  const better = good.filter((each) => compareVersions(each, name) < 0).sort(compareVersions)[0]
  const text = `${group}/${name} ${kind} is deprecated`
  return better === undefined ? text : `${text}; use ${group}/${better} ${kind}`
}

class CrdResourceVersion implements ResourceVersion {
  readonly name: string
  readonly served: boolean
  readonly deprecationWarning?: string
  readonly status: boolean
  readonly scale?: NonNullable<ResourceVersion['scale']>
  readonly columns: readonly PrinterColumn[]
  readonly selectableFields: readonly string[]
  private readonly compile: () => ObjectSchema
  private compiled: ObjectSchema | undefined

  constructor(group: string, kind: string, version: CrdVersion, all: readonly CrdVersion[]) {
    const { name, served, subresources, additionalPrinterColumns = [], selectableFields = [] } = version
    this.name = name
    this.served = served
    this.status = subresources?.status !== undefined
    if (subresources?.scale !== undefined) this.scale = subresources.scale
    if (version.deprecated === true) {
      this.deprecationWarning = version.deprecationWarning ?? deprecation(group, kind, name, all)
    }
    this.columns = additionalPrinterColumns.length > 0 ? additionalPrinterColumns : [AGE]
    this.selectableFields = selectableFields.map(({ jsonPath }) => jsonPath)
    this.compile = () => compileSchema(version.schema?.openAPIV3Schema ?? {}, { group, version: name, kind })
  }

  get schema(): ObjectSchema {
    this.compiled ??= this.compile()
    return this.compiled
  }
}
