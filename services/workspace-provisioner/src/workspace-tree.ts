import {
  type Gone,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type KubeClient,
  watchResource,
} from '@resource-broker/kube'

export type Workspace = {
  metadata: { name: string; uid: string }
  spec: { cluster?: string; URL?: string }
  status?: { phase?: string }
}

const WORKSPACES = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces' }
/** What a workspace needs to hold copies, and no more than that: default namespaces and the built-in APIs (contract 4.2). */
const TYPE = { name: 'universal', path: 'root' }

/** The workspaces right below one root, by one watch. */
export class WorkspaceTree {
  readonly root: string
  readonly #client: KubeClient
  readonly #workspaces = new Map<string, Workspace>()

  /** `client` is for the root itself. */
  constructor(root: string, client: KubeClient) {
    this.root = root
    this.#client = client
  }

  /** Follows the workspaces until `signal` aborts, and tells the name of each that changes; resolves when all were seen. */
  follow(changed: (name: string) => void, report: (error: unknown) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      watchResource(
        this.#client,
        WORKSPACES,
        {
          upsert: (object) => {
            this.#workspaces.set(object.metadata.name, object as unknown as Workspace)
            changed(object.metadata.name)
          },
          delete: ({ name }: Gone) => {
            this.#workspaces.delete(name)
            changed(name)
          },
          synced: () => resolve(),
          report: (event) => {
            if (event.type === 'disconnected') report(event.error)
          },
        },
        { signal },
      )
    })
  }

  get(name: string): Workspace | undefined {
    return this.#workspaces.get(name)
  }

  /** The logical cluster of a workspace that is Ready. */
  readyCluster(name: string): string | undefined {
    const { spec, status } = this.#workspaces.get(name) ?? {}
    return status?.phase === 'Ready' ? spec?.cluster : undefined
  }

  /** Asks for a workspace; the watch tells when it is there. */
  async create(name: string): Promise<void> {
    const body = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name }, spec: { type: TYPE } }
    await this.#client.create(WORKSPACES, body).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  }

  /** Asks for the deletion of exactly this workspace with all that is in it. */
  async delete({ metadata: { name, uid } }: Workspace): Promise<void> {
    await this.#client.delete({ ...WORKSPACES, name }, { uid }).catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error
    })
  }
}
