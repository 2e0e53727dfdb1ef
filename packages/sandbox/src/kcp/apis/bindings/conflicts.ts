import type { Crd } from '../../../kube/crds/mod.ts'
import { logicalClusters } from '../../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME } from '../../names.ts'
import { apiBindings } from '../system-types/mod.ts'
import type { ApiBinding, ApiResourceSchema, SchemaNames } from '../types.ts'
import type { BindingContext } from './context.ts'
import { locksOf, ownerOf } from './locks.ts'

type Taken = { group: string; owner: string; names: Partial<SchemaNames> }

/**
 * Why a binding cannot have the types of these schemas: another binding or a CustomResourceDefinition in the logical cluster has
 * the type, or one of its names (contract 5.4). In the words of kcp; undefined where nothing stands in the way.
 */
export function conflictOf(context: BindingContext, schemas: readonly ApiResourceSchema[]): string | undefined {
  const taken = [...takenByBindings(context), ...takenByDefinitions(context)]
  for (const { spec } of schemas) {
    const locked = lockedBy(context, { group: spec.group, resource: spec.names.plural })
    if (locked !== undefined)
      return `naming conflict with ${locked}: spec.names.plural=${spec.names.plural} is forbidden`
    for (const { group, owner, names } of taken) {
      const detail = group === spec.group ? clashOf(names, spec.names) : undefined
      if (detail !== undefined) return `naming conflict with ${owner}: ${detail} is forbidden`
    }
  }
  return undefined
}

function* takenByBindings({ bound, client, cluster, name }: BindingContext): Iterable<Taken> {
  for (const { binding, resources } of bound.in(cluster)) {
    if (binding === name) continue
    const owner = nameOfBinding(client.get(apiBindings, '', binding) as ApiBinding | undefined, binding)
    for (const { group, resource, singular, kind, listKind, shortNames } of resources) {
      yield { group, owner, names: { plural: resource, singular, kind, listKind, shortNames: [...shortNames] } }
    }
  }
}

function* takenByDefinitions({ services, cluster }: BindingContext): Iterable<Taken> {
  for (const crd of services.localCrds.definitions(cluster)) {
    const { group, names } = crd.spec
    yield { group, owner: nameOfDefinition(crd), names: crd.status?.acceptedNames ?? names }
  }
}

/** A lock whose owner is gone holds nobody off. */
function lockedBy({ client, name }: BindingContext, type: { group: string; resource: string }): string | undefined {
  const owner = ownerOf(locksOf(client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)), type)?.n
  if (owner === undefined || owner === name) return undefined
  const binding = client.get(apiBindings, '', owner) as ApiBinding | undefined
  return binding && nameOfBinding(binding, owner)
}

function nameOfBinding(binding: ApiBinding | undefined, name: string): string {
  const { path = '', name: exportName = '' } = binding?.spec?.reference?.export ?? {}
  const to = path === '' ? `local APIExport "${exportName}"` : `APIExport ${path}:${exportName}`
  return `APIBinding "${name}" bound to ${to}`
}

function nameOfDefinition({ metadata }: Crd): string {
  return `CustomResourceDefinition "${metadata.name}"`
}

/** Which of the names is taken, as the field that says it. */
function clashOf(
  taken: Partial<SchemaNames>,
  { plural, singular, shortNames = [], kind, listKind }: SchemaNames,
): string | undefined {
  const names = [taken.plural, taken.singular, ...(taken.shortNames ?? [])].filter((each) => each)
  const kinds = [taken.kind, taken.listKind].filter((each) => each)
  if (names.includes(plural)) return `spec.names.plural=${plural}`
  if (names.includes(singular)) return `spec.names.singular=${singular}`
  if (shortNames.some((each) => names.includes(each))) return `spec.names.shortNames=[${shortNames.join(' ')}]`
  if (kinds.includes(kind)) return `spec.names.kind=${kind}`
  return kinds.includes(listKind) ? `spec.names.listKind=${listKind}` : undefined
}
