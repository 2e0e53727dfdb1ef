import type { AccountLookup, ServiceAccountTokens, TokenAuthenticator } from '../../kube/authn/mod.ts'
import type { ControllerLog } from '../../kube/controller-log.ts'
import type { LocalClient } from '../../kube/requests/types.ts'
import type { SandboxChange } from '../../types.ts'
import type { ExportsByIdentity } from '../apis/mod.ts'
import type { Directory } from '../clusters/mod.ts'
import type { Replication } from './cache.ts'
import type { ReplicatedPolicies } from './policies.ts'
import type { ReplicatedAdmission } from './replicated-admission.ts'

/** What the shards of an installation have in common. */
export type Shared = {
  readonly cache: Replication
  readonly directory: Directory
  readonly exports: ExportsByIdentity
  readonly policies: ReplicatedPolicies
  readonly replicatedAdmission: ReplicatedAdmission
  readonly accounts: AccountLookup
  readonly tokens: ServiceAccountTokens
  readonly authenticator: TokenAuthenticator
  readonly identities: ReadonlyMap<string, string>
  /** PEM of the CA that clients trust. */
  readonly rootCa: string
  readonly now: () => Date
  readonly log: ControllerLog
  /** Told of every change of every shard. */
  readonly onChange: ((change: SandboxChange) => void) | undefined
  /** Throws StatusError 503 while the shard is away. */
  clientAt(shard: string, cluster: string): LocalClient
}
