import { annotations, fieldManager, type StagingPlace, StagingWorkspace } from '@resource-broker/api'
import { type KubeClient, type WatchEvent, watchResource } from '@resource-broker/kube'

/** The platform's StagingWorkspaces: what people see of the workspaces that hold copies. */
export class Records {
  readonly #coordination: KubeClient
  readonly #records = new Map<string, StagingWorkspace>()

  constructor(coordination: KubeClient) {
    this.#coordination = coordination
  }

  /** Follows the records until `signal` aborts, and tells how the watch fares; resolves when all were seen. */
  follow(changed: (name: string) => void, report: (event: WatchEvent) => void, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      watchResource(
        this.#coordination,
        StagingWorkspace.resource,
        {
          upsert: (object) => {
            this.#records.set(object.metadata.name, StagingWorkspace.of(object))
            changed(object.metadata.name)
          },
          delete: ({ name }) => void this.#records.delete(name),
          synced: () => resolve(),
          report,
        },
        { signal },
      )
    })
  }

  get all(): StagingWorkspace[] {
    return [...this.#records.values()]
  }

  get(name: string): StagingWorkspace | undefined {
    return this.#records.get(name)
  }

  /** `providerPath` is for people; which provider it is stands in an annotation. */
  async create(
    name: string,
    { consumerCluster, providerCluster, apiExportName }: StagingPlace,
    { providerPath, workspaceTreeRoot }: { providerPath: string; workspaceTreeRoot: string },
  ): Promise<void> {
    const body = {
      apiVersion: StagingWorkspace.apiVersion,
      kind: StagingWorkspace.kind,
      metadata: { name, annotations: { [annotations.providerCluster]: providerCluster } },
      spec: { consumerCluster, providerPath, apiExportName, workspaceTreeRoot },
    }
    const target = { ...StagingWorkspace.resource, name }
    this.#records.set(
      name,
      StagingWorkspace.of(await this.#coordination.apply(target, body, { fieldManager, force: true })),
    )
  }

  async report(name: string, status: NonNullable<StagingWorkspace['status']>): Promise<void> {
    const target = { ...StagingWorkspace.resource, name }
    const written = await this.#coordination.mergePatch<object>(target, { status }, { subresource: 'status' })
    this.#records.set(name, StagingWorkspace.of(written))
  }

  /** @throws {KubeError} also where it is gone */
  async delete(name: string): Promise<void> {
    await this.#coordination.delete({ ...StagingWorkspace.resource, name })
  }
}
