import type { Store } from '../../store/types.ts'
import type { ControllerLog } from '../controller-log.ts'
import type { LocalClient } from '../requests/types.ts'
import type { Catalog, Resource } from '../resource.ts'

/** What Kubernetes' own controllers work with. */
export type KubeControllerDeps = {
  store: Store
  log: ControllerLog
  catalog: Catalog
  /** The built-in types that they write. */
  types: { namespaces: Resource; serviceAccounts: Resource; configMaps: Resource; clusterRoles: Resource }
  /** Acts as the controllers' user in a logical cluster. */
  client: (cluster: string) => LocalClient
  now: () => Date
  /** PEM of the authority that clients inside shall trust: put into each namespace as `kube-root-ca.crt`. */
  rootCa?: string
}
