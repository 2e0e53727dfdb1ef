import type { Restriction } from '../../../kube/requests/types.ts'
import type { Resource, ResourceVersion, Verb } from '../../../kube/resource.ts'
import { type BoundTypes, claimedResources } from '../../apis/mod.ts'
import { API_BINDINGS, apiBindings } from '../../apis/system-types/mod.ts'
import type { ApiExport, PermissionClaim } from '../../apis/types.ts'
import type { ShardServices } from '../../services.ts'
import { visibilityOf } from './visibility.ts'

/**
 * A type in the virtual workspace of an export, and the claim by which it is there; the export's own types have none. `restriction` is
 * there where a provider sees some of its objects only.
 */
export type ServedType = { resource: Resource; claim?: PermissionClaim; restriction?: Restriction }

const READ: readonly Verb[] = ['get', 'list', 'watch']

/** Without subresources but status (contract 7.4). The same Resource for the same one, since watches and caches know it by that. */
const narrowedTypes = new WeakMap<Resource, Resource>()
/** Bindings as every provider sees those to its export. */
const readOnlyBindings: Resource = { ...narrowed(apiBindings), verbs: READ }

/** What an export shows: its own types, what it claims, and the bindings to it (contract 7.1). Each type once, its own first. */
export function servedTypes(
  services: ShardServices,
  bound: BoundTypes,
  exportCluster: string,
  apiExport: ApiExport,
): ServedType[] {
  const own = bound.resourcesOf(exportCluster, apiExport)
  const claims = apiExport.spec?.permissionClaims ?? []
  const types = firstOfEach([
    ...own.map((resource) => ({ resource: narrowed(resource) })),
    ...claims.flatMap((claim) =>
      claimedResources(services, bound, claim).map((resource) => ({ resource: narrowed(resource), claim })),
    ),
    { resource: readOnlyBindings },
  ])
  return types.map((type) => {
    const restriction = visibilityOf(type, exportCluster, apiExport.metadata.name ?? '')
    return restriction === undefined ? type : { ...type, restriction }
  })
}

/** Whether the bindings are there without a claim. */
export function isOwnBindings({ resource, claim }: ServedType): boolean {
  return resource.storage === API_BINDINGS && claim === undefined
}

function narrowed(resource: Resource): Resource {
  const known = narrowedTypes.get(resource)
  if (known !== undefined) return known
  const versions = [...resource.versions].map(([name, version]) => [name, withoutScale(version)] as const)
  const made: Resource = { ...resource, versions: new Map(versions), subresources: [] }
  narrowedTypes.set(resource, made)
  return made
}

function withoutScale(version: ResourceVersion): ResourceVersion {
  if (version.scale === undefined) return version
  const { name, served, deprecationWarning, status, columns, selectableFields } = version
  return {
    ...{ name, served, status, columns, selectableFields },
    ...(deprecationWarning !== undefined && { deprecationWarning }),
    // Compiled when it is asked for.
    get schema() {
      return version.schema
    },
  }
}

function firstOfEach(types: readonly ServedType[]): ServedType[] {
  const found = new Map<string, ServedType>()
  for (const type of types) {
    const name = `${type.resource.resource}.${type.resource.group}`
    if (!found.has(name)) found.set(name, type)
  }
  return [...found.values()]
}
