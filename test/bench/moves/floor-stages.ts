import { KubeClient, watchResource } from '@resource-broker/kube'
import { CONFIG_MAPS, DEPLOYED, type Deployed, TEMPLATE } from './stages.ts'

/** Stages as the floor runs them: each deploys, waits until that is done, and removes it. */
export class FloorStages {
  readonly #client: KubeClient
  readonly #waits = new Map<string, () => void>()

  private constructor(client: KubeClient) {
    this.#client = client
  }

  /** @param file a kubeconfig of the compute cluster */
  static async open(file: string): Promise<FloorStages> {
    const stages = new FloorStages(await KubeClient.fromFile(file))
    const upsert = (object: unknown): void => {
      const { metadata, data } = object as Deployed
      if (data?.done !== undefined) stages.#waits.get(metadata.name)?.()
    }
    const { signal } = new AbortController()
    const options = { ...CONFIG_MAPS, labelSelector: DEPLOYED }
    await new Promise<void>(
      (synced) => void watchResource(stages.#client, options, { upsert, delete: () => undefined, synced }, { signal }),
    )
    return stages
  }

  async beforeSwitch(move: string): Promise<void> {
    await this.#run(move, 'initial')
    await this.#run(move, 'cutover')
  }

  async afterSwitch(move: string): Promise<void> {
    await this.#run(move, 'finalize')
  }

  async #run(move: string, stage: string): Promise<void> {
    const name = `${move}-${stage}`
    const ref = { ...CONFIG_MAPS, namespace: 'default', name }
    const done = new Promise<void>((resolve) => this.#waits.set(name, resolve))
    await this.#client.create(ref, { ...TEMPLATE, metadata: { name, labels: { [DEPLOYED]: stage } } })
    await done
    await this.#client.delete(ref)
    this.#waits.delete(name)
  }
}
