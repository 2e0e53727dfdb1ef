import type { Resource } from '../../../kube/resource.ts'
import { logicalClusters } from '../../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME } from '../../names.ts'
import { apiBindings } from '../system-types/mod.ts'
import type { ApiBinding, BoundResource } from '../types.ts'
import { type BindingContext, findExport } from './context.ts'

/** Why the objects of a type outlive their binding: another one takes them over, or the binding waits for one that does. */
export type Retention = 'adopted' | 'waiting'

/**
 * What keeps the objects of a type when `binding` goes, undefined where nothing does. A successor is another binding in the
 * logical cluster whose export has the same identity and serves the type by the same schema, so that the objects are stored in
 * the same place.
 */
export function retentionsOf(
  context: BindingContext,
  binding: ApiBinding,
): (resource: Resource) => Retention | undefined {
  const others = (context.client.list(apiBindings) as ApiBinding[]).filter(
    ({ metadata }) => metadata.name !== context.name && metadata.deletionTimestamp === undefined,
  )
  const bound = binding.status?.boundResources ?? []
  const waits = binding.spec?.deletionPolicy === 'WaitForSuccessor' && !isLeaving(context)
  return ({ group, resource }) => {
    const type = bound.find((each) => each.group === group && each.resource === resource)
    if (type !== undefined && others.some((other) => isSuccessor(context, other, type))) return 'adopted'
    return waits ? 'waiting' : undefined
  }
}

/** A logical cluster that is deleted would wait for ever for a successor. */
function isLeaving({ client }: BindingContext): boolean {
  const found = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
  return found === undefined || found.metadata.deletionTimestamp !== undefined
}

function isSuccessor(context: BindingContext, other: ApiBinding, { group, resource, schema }: BoundResource): boolean {
  const found = findExport(context, other)
  if (found === undefined || found.apiExport.status?.identityHash !== schema.identityHash) return false
  const served = found.apiExport.spec?.resources?.find((each) => each.group === group && each.name === resource)
  if (served === undefined) return false
  const { cache } = context.services
  return (
    cache.get('apiresourceschemas.apis.kcp.io', found.exportCluster, served.schema)?.object.metadata.uid === schema.UID
  )
}
