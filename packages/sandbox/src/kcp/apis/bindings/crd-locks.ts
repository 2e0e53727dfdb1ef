import { Controller } from '../../../kube/controllers/mod.ts'
import { CRD_STORAGE } from '../../../kube/crds/mod.ts'
import { setKey } from '../../../kube/json.ts'
import type { ShardServices } from '../../services.ts'
import { changeLocks, lockName } from './locks.ts'

/** Says on each LogicalCluster which types CustomResourceDefinitions own (contract 2.8). Its keys are logical clusters. */
export function crdLocks({ store, log, localCrds, clientIn }: ShardServices): Controller {
  return new Controller(store, log, {
    name: 'crd-locks',
    triggers: [{ resource: CRD_STORAGE, keys: ({ entry }) => [entry.key.cluster] }],
    reconcile(cluster) {
      const definitions = localCrds.definitions(cluster)
      const names = definitions.map(({ spec }) => lockName({ group: spec.group, resource: spec.names.plural }))
      changeLocks(clientIn(cluster), (locks) => {
        for (const [type, { c }] of Object.entries(locks)) if (c === true && !names.includes(type)) delete locks[type]
        for (const name of names) if (!Object.hasOwn(locks, name)) setKey(locks, name, { c: true })
      })
      return undefined
    },
  })
}
