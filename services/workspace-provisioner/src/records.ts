import { annotations, fieldManager, type StagingPlace, StagingWorkspace } from '@resource-broker/api'
import type { KubeClient } from '@resource-broker/kube'
import type { StagingRecords } from '@resource-broker/service'

/** Writes the platform's StagingWorkspaces: what people see of the workspaces that hold copies. */
export class Records {
  readonly #coordination: KubeClient
  readonly #known: StagingRecords

  /** `known` are those that are followed; what is written here is known there at once. */
  constructor(coordination: KubeClient, known: StagingRecords) {
    this.#coordination = coordination
    this.#known = known
  }

  get(name: string): StagingWorkspace | undefined {
    return this.#known.get(name)
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
    this.#known.take(StagingWorkspace.of(await this.#coordination.apply(target, body, { fieldManager, force: true })))
  }

  async report(name: string, status: NonNullable<StagingWorkspace['status']>): Promise<void> {
    const target = { ...StagingWorkspace.resource, name }
    const written = await this.#coordination.mergePatch<object>(target, { status }, { subresource: 'status' })
    this.#known.take(StagingWorkspace.of(written))
  }

  /** @throws {KubeError} also where it is gone */
  async delete(name: string): Promise<void> {
    await this.#coordination.delete({ ...StagingWorkspace.resource, name })
  }
}
