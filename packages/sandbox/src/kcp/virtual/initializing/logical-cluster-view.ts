import { MASTERS } from '../../../kube/authn/mod.ts'
import type { KubeObject } from '../../../kube/objects.ts'
import { type ApiServer, createApiServer } from '../../../kube/requests/mod.ts'
import type { AdmissionPlugin, Restriction } from '../../../kube/requests/types.ts'
import type { Catalog, Resource, Verb } from '../../../kube/resource.ts'
import { LOGICAL_CLUSTERS, logicalClusters } from '../../clusters/mod.ts'
import { refusal } from '../../refusal.ts'
import { statusOf, waitsFor } from '../../workspaces/mod.ts'
import type { VirtualWorkspaceOptions } from '../types.ts'

const READ: readonly Verb[] = ['get', 'list', 'watch']

/** LogicalClusters as initializers see them: to be read, and their status to be changed (contract 8.1, 8.2). */
const readable: Resource = { ...logicalClusters, verbs: READ }
const catalog: Catalog = {
  list: () => [readable],
  find: (_cluster, group, resource) =>
    group === readable.group && resource === readable.resource ? readable : undefined,
  generation: () => 0,
}

/** The LogicalClusters that wait for one initializer. */
export function logicalClusterView({ services, admission }: VirtualWorkspaceOptions, initializer: string): ApiServer {
  const { store, now, log } = services
  return createApiServer({
    ...{ store, now, log, catalog },
    // Who may come here was asked before.
    authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
    admission: [...admission, ownInitializerOnly(initializer)],
  })
}

/** One that does not wait any more is gone, for this initializer. */
export function waitingFor(initializer: string): Restriction {
  return { matches: (object: KubeObject) => waitsFor(object, initializer) }
}

function ownInitializerOnly(initializer: string): AdmissionPlugin {
  return {
    name: 'tenancy.kcp.io/OwnInitializer',
    validate(request) {
      const { resource, user, object, old } = request
      if (resource.storage !== LOGICAL_CLUSTERS || user.groups.includes(MASTERS)) return
      const others = ({ initializers = [] }: { initializers?: string[] }) =>
        initializers.filter((each) => each !== initializer).join()
      if (object === undefined || old === undefined || others(statusOf(object)) === others(statusOf(old))) return
      throw refusal(request, `only removing the "${initializer}" initializer is supported`)
    },
  }
}
