import { CRD_STORAGE, type Crd } from '../../../kube/crds/mod.ts'
import type { AdmissionPlugin } from '../../../kube/requests/types.ts'
import { logicalClusters } from '../../clusters/mod.ts'
import { APIS, LOGICAL_CLUSTER_NAME } from '../../names.ts'
import { refusal } from '../../refusal.ts'
import type { ShardServices } from '../../services.ts'
import type { BoundTypes } from '../bound-types.ts'
import { apiBindings } from '../system-types/mod.ts'
import { locksOf, ownerOf } from './locks.ts'

/** Keeps CustomResourceDefinitions off groups that are the system's, and off types that a binding has (contract 5.5). */
export function crdAdmission({ clientIn }: ShardServices, bound: BoundTypes): AdmissionPlugin {
  /** A lock counts as long as its binding is there. */
  const lockedBy = (cluster: string, type: { group: string; resource: string }): string | undefined => {
    const client = clientIn(cluster)
    const owner = ownerOf(locksOf(client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)), type)?.n
    return owner !== undefined && client.get(apiBindings, '', owner) !== undefined ? owner : undefined
  }
  return {
    name: 'apis.kcp.io/CRDNoOverlappingGVR',
    validate(request) {
      const { resource, object, operation, cluster } = request
      if (resource.storage !== CRD_STORAGE || object === undefined) return
      const { group, names } = (object as Crd).spec
      if (group.endsWith(APIS)) throw refusal(request, `${group} is a reserved group`)
      if (operation !== 'CREATE') return
      const type = { group, resource: names.plural }
      const owner = bound.find(cluster, group, names.plural)?.bound.binding ?? lockedBy(cluster, type)
      if (owner === undefined) return
      throw refusal(request, `cannot create because resource is bound by APIBinding "${owner}"`)
    },
  }
}
