import {
  annotations,
  fieldManager,
  type ProviderExport,
  type StagingPlace,
  StagingWorkspace,
} from '@resource-broker/api'
import type { KubeClient, WriteFence, WriteOptions } from '@resource-broker/kube'
import { pairOf, type StagingRecords } from '@resource-broker/service'

/** The export at which the copies of a record's workspace are. */
export const exportIn = (record: StagingWorkspace): ProviderExport => {
  return { providerCluster: pairOf(record).provider, apiExportName: record.spec.apiExportName }
}

type Status = NonNullable<StagingWorkspace['status']>

/**
 * Writes the platform's StagingWorkspaces: what people see of the workspaces that hold copies, and what the removal of one rests on. Each
 * is written only over the version that is known here, and one that is Terminating is so for good.
 */
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

  /** All of them, as the platform has them now. */
  async list(): Promise<StagingWorkspace[]> {
    return (await this.#coordination.list<StagingWorkspace>(StagingWorkspace.resource)).items
  }

  /** `providerPath` is for people; which provider it is stands in an annotation. Answers the record, also one that was there before. */
  async create(
    name: string,
    { consumerCluster, providerCluster, apiExportName }: StagingPlace,
    { providerPath, workspaceTreeRoot }: { providerPath: string; workspaceTreeRoot: string },
    fence: WriteFence,
  ): Promise<StagingWorkspace> {
    const body = {
      apiVersion: StagingWorkspace.apiVersion,
      kind: StagingWorkspace.kind,
      metadata: { name, annotations: { [annotations.providerCluster]: providerCluster } },
      spec: { consumerCluster, providerPath, apiExportName, workspaceTreeRoot },
    }
    const target = { ...StagingWorkspace.resource, name }
    return this.#take(await this.#coordination.under(fence).apply(target, body, { fieldManager, force: true }))
  }

  /** @throws {KubeError} `isConflict` if it changed meanwhile */
  async report(record: StagingWorkspace, status: Status, fence: WriteFence): Promise<void> {
    await this.#write(record, { status }, fence)
  }

  /**
   * Says that its workspace is about to be bound: whoever wants to remove it by what was known before is refused from now on.
   * @throws {KubeError} `isConflict` if it changed meanwhile, as when its removal began
   */
  async takeUp(record: StagingWorkspace, fence: WriteFence): Promise<void> {
    const over = record.metadata.resourceVersion ?? ''
    await this.#write(record, { metadata: { annotations: { [annotations.takenUpOver]: over } } }, fence)
  }

  /** Says that its workspace goes, for good. @throws {KubeError} `isConflict` if it changed meanwhile, `isNotFound` if it is gone */
  async end(record: StagingWorkspace, fence: WriteFence): Promise<void> {
    await this.#write(record, { status: { phase: 'Terminating' } }, fence)
  }

  /** Of one that ended. @throws {KubeError} also where it is gone, or another one by now */
  async delete({ metadata: { name, uid } }: StagingWorkspace, fence: WriteFence): Promise<void> {
    await this.#coordination.under(fence).delete({ ...StagingWorkspace.resource, name }, { uid })
  }

  async #write(
    { metadata: { name, resourceVersion } }: StagingWorkspace,
    { metadata, ...content }: { metadata?: object; status?: Pick<Status, 'phase'> },
    fence: WriteFence,
  ): Promise<void> {
    const patch = { metadata: { resourceVersion, ...metadata }, ...content }
    const target = { ...StagingWorkspace.resource, name }
    const options: WriteOptions = content.status === undefined ? {} : { subresource: 'status' }
    this.#take(await this.#coordination.under(fence).mergePatch<object>(target, patch, options))
  }

  #take(written: object): StagingWorkspace {
    const record = StagingWorkspace.of(written)
    this.#known.take(record)
    return record
  }
}
