import {
  type Gone,
  isAlreadyExists,
  type KubeClient,
  readIfThere,
  type WatchEvent,
  type WriteFence,
  watchResource,
} from '@resource-broker/kube'

export type Workspace = {
  metadata: { name: string; uid: string; deletionTimestamp?: string; annotations?: Record<string, string> }
  spec: { cluster?: string; URL?: string }
  status?: { phase?: string }
}

const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }

/** What new workspaces are like; without a shard kcp chooses one. */
type Made = { type: { name: string; path: string }; shard: string | undefined }

/** The workspaces right below one root, by one watch. */
export class WorkspaceTree {
  readonly root: string
  readonly #client: KubeClient
  readonly #made: Made
  readonly #workspaces = new Map<string, Workspace>()
  /** By logical cluster. */
  readonly #names = new Map<string, string>()

  /** `client` is for the root itself. */
  constructor(root: string, client: KubeClient, made: Made) {
    this.root = root
    this.#client = client
    this.#made = made
  }

  /** Follows the workspaces until `signal` aborts, and tells the name of each that changes; resolves when all were seen. */
  follow(changed: (name: string) => void, report: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      watchResource(
        this.#client,
        WORKSPACES,
        {
          upsert: (object) => {
            const workspace = object as unknown as Workspace
            this.#workspaces.set(object.metadata.name, workspace)
            if (workspace.spec.cluster !== undefined) this.#names.set(workspace.spec.cluster, object.metadata.name)
            changed(object.metadata.name)
          },
          delete: ({ name }: Gone) => {
            this.#names.delete(this.#workspaces.get(name)?.spec.cluster ?? '')
            this.#workspaces.delete(name)
            changed(name)
          },
          synced: () => resolve(),
          report,
        },
        { signal },
      )
    })
  }

  get(name: string): Workspace | undefined {
    return this.#workspaces.get(name)
  }

  get names(): Iterable<string> {
    return this.#workspaces.keys()
  }

  /** The workspace that a logical cluster belongs to. */
  nameOf(cluster: string): string | undefined {
    return this.#names.get(cluster)
  }

  /** The logical cluster of a workspace that is Ready. */
  readyCluster(name: string): string | undefined {
    return readyClusterOf(this.#workspaces.get(name))
  }

  /** The workspace as its API server has it now. */
  async read(name: string): Promise<Workspace | undefined> {
    return await readIfThere<Workspace>(this.#client, { ...WORKSPACES, name })
  }

  /** Asks for a workspace with these annotations; the watch tells when it is there. */
  async create(name: string, fence: WriteFence, annotations: Record<string, string> = {}): Promise<void> {
    const { type, shard } = this.#made
    const location = shard === undefined ? {} : { location: { selector: { matchLabels: { name: shard } } } }
    const body = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name, annotations },
      spec: { type, ...location },
    }
    await this.#client
      .under(fence)
      .create(WORKSPACES, body)
      .catch((error: unknown) => {
        if (!isAlreadyExists(error)) throw error
      })
  }

  /** Asks for the deletion of exactly this workspace with all that is in it. @throws {KubeError} also where it is gone, or another one by now */
  async delete({ metadata: { name, uid } }: Workspace, fence: WriteFence): Promise<void> {
    await this.#client.under(fence).delete({ ...WORKSPACES, name }, { uid })
  }
}

/** The logical cluster of a workspace, if it is Ready. */
export function readyClusterOf({ spec, status }: Partial<Workspace> = {}): string | undefined {
  return status?.phase === 'Ready' ? spec?.cluster : undefined
}
