import type { Store } from '../../store/types.ts'
import type { ServiceAccount } from '../authn/mod.ts'
import type { ControllerLog } from '../controller-log.ts'
import type { LocalClient } from '../requests/types.ts'
import type { Catalog, Resource } from '../resource.ts'

/** Issues the token of a service account that a Secret in its namespace holds for as long as both are there. */
export type IssueToken = (account: ServiceAccount, secretName: string) => string

/** What Kubernetes' own controllers work with. */
export type KubeControllerDeps = {
  store: Store
  log: ControllerLog
  catalog: Catalog
  /** The built-in types that they write. */
  types: Record<'namespaces' | 'serviceAccounts' | 'configMaps' | 'secrets' | 'events' | 'clusterRoles', Resource>
  issueToken: IssueToken
  /** Acts as the controllers' user in a logical cluster. */
  client: (cluster: string) => LocalClient
  now: () => Date
  /** PEM of the authority that clients inside shall trust: put into each namespace as `kube-root-ca.crt`. */
  rootCa?: string
}
