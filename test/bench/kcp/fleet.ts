import { kcpLayout } from '@resource-broker/api'
import { consumerManifests, type Manifest, providerManifests, readCrds } from '@resource-broker/cli'
import { type KubeClient, type ObjectRef, watchResource } from '@resource-broker/kube'
import { waitFor } from '@resource-broker/testbed'

type Workspace = { spec: { cluster?: string }; status?: { phase?: string } }
type WithConditions = { status?: { conditions?: { type: string; status: string }[] } }

const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }
const PLURALS: Record<string, string> = {
  APIBinding: 'apibindings',
  APIExport: 'apiexports',
  APIResourceSchema: 'apiresourceschemas',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
}

export type Shard = { name: string; client: KubeClient }

/** Makes workspaces of consumers and providers by the hundred, as their people would, and spreads them over the shards. */
export class Fleet {
  readonly #base: KubeClient
  readonly #shards: readonly Shard[]
  readonly #clusters = new Map<string, string>()
  /** The shard of each logical cluster that was made here. */
  readonly #homes = new Map<string, Shard>()
  #made = 0

  /** `base` is the whole kcp, for its administrator. */
  constructor(base: KubeClient, shards: readonly Shard[]) {
    this.#base = base
    this.#shards = shards
  }

  /** Follows the workspaces below the two parents, so that nothing is polled for them. */
  follow(parents: string[], signal: AbortSignal): void {
    for (const parent of parents) {
      const upsert = (object: object) => {
        const { metadata, spec, status } = object as Workspace & { metadata: { name: string } }
        if (status?.phase === 'Ready' && spec.cluster !== undefined)
          this.#clusters.set(`${parent}:${metadata.name}`, spec.cluster)
      }
      watchResource(this.at(parent), WORKSPACES, { upsert, delete: () => undefined }, { signal })
    }
  }

  at(cluster: string): KubeClient {
    return this.#base.below(`/clusters/${cluster}`)
  }

  /** Past the front proxy, which the load of a bench would measure too. */
  directly(cluster: string): KubeClient {
    return (this.#homes.get(cluster)?.client ?? this.#base).below(`/clusters/${cluster}`)
  }

  /** A workspace that binds the brokered kinds; answers its logical cluster. */
  async consumer(name: string, brokered: string[]): Promise<string> {
    const cluster = await this.#workspace('root:consumers', name)
    await this.#apply(cluster, consumerManifests(kcpLayout.platformWorkspace, brokered))
    return cluster
  }

  /** A workspace that exports the kinds of `crd` as `exportName`; answers its logical cluster. */
  async provider(name: string, crd: string, exportName: string, user: string): Promise<string> {
    const cluster = await this.#workspace('root:providers', name)
    const { platformWorkspace } = kcpLayout
    await this.#apply(cluster, providerManifests({ platformWorkspace, exportName, crds: readCrds(crd), user }))
    return cluster
  }

  async #workspace(parent: string, name: string): Promise<string> {
    const shard = this.#shards[this.#made++ % this.#shards.length] as Shard
    const location = { selector: { matchLabels: { name: shard.name } } }
    const spec = { type: { name: 'universal', path: 'root' }, location }
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name }, spec }
    await this.at(parent).create(WORKSPACES, body)
    const cluster = await waitFor(`${parent}:${name} is Ready`, () => this.#clusters.get(`${parent}:${name}`), PATIENCE)
    this.#homes.set(cluster, shard)
    return cluster
  }

  async #apply(cluster: string, manifests: Manifest[]): Promise<void> {
    const client = this.at(cluster)
    for (const each of manifests) {
      const ref = refOf(each)
      await client.apply(ref, each, { force: true })
      if (each.kind === 'APIBinding') await waitFor(`${ref.name} is bound`, () => isBound(client, ref), PATIENCE)
    }
  }
}

/** Thousands of workspaces come in turn. */
const PATIENCE = { timeoutMs: 120_000, intervalMs: 20 }

async function isBound(client: KubeClient, ref: ObjectRef): Promise<boolean> {
  const { status } = await client.get<WithConditions>(ref)
  const are = status?.conditions ?? []
  return ['Ready', 'PermissionClaimsApplied'].every((type) =>
    are.some((is) => is.type === type && is.status === 'True'),
  )
}

function refOf({ apiVersion, kind, metadata }: Manifest): ObjectRef {
  const [group = '', version = ''] = apiVersion.split('/')
  return { group, version, resource: PLURALS[kind] as string, name: metadata.name }
}
