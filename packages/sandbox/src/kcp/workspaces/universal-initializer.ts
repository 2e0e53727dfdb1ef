import { Controller, parseKey } from '../../kube/controllers/mod.ts'
import { LOGICAL_CLUSTERS, logicalClusters } from '../clusters/mod.ts'
import { LOGICAL_CLUSTER_NAME, UNIVERSAL_INITIALIZER } from '../names.ts'
import type { ShardServices } from '../services.ts'
import { finishInitializer, waitsFor } from './initializer.ts'

const NAMESPACES = ['default', 'kube-system']

/** Does what type `root:universal` asks for: the namespaces that clients expect in every workspace (contract 5.1). */
export function universalInitializer(services: ShardServices): Controller {
  return new Controller(services.store, services.log, {
    name: 'universal-initializer',
    triggers: [{ resource: LOGICAL_CLUSTERS }],
    reconcile(key) {
      const client = services.clientIn(parseKey(key).cluster)
      const logicalCluster = client.get(logicalClusters, '', LOGICAL_CLUSTER_NAME)
      if (!waitsFor(logicalCluster, UNIVERSAL_INITIALIZER)) return undefined
      const namespaces = services.builtIns.find(({ resource }) => resource === 'namespaces')!
      for (const name of NAMESPACES) {
        if (client.get(namespaces, '', name) !== undefined) continue
        client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
      }
      finishInitializer(client, UNIVERSAL_INITIALIZER)
      return undefined
    },
  })
}
