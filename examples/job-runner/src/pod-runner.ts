import { isConflict, isNotFound, type KubeClient, Retries, readIfThere } from '@resource-broker/kube'
import { type ContainerProcess, type Ended, startContainer } from './container-process.ts'
import { environmentOf, expand, MissingSourceError, type Sources } from './environment.ts'
import { type Container, PODS, type Pod } from './kinds.ts'

type Options = {
  client: KubeClient
  /** Added to the environment of every container. */
  environment: Readonly<Record<string, string>>
  say: (text: string) => void
  signal: AbortSignal
}

const SECONDS = 1_000
const STOP_GRACE_SECONDS = 30

/** Does for Pods what a kubelet does, with a process for the container: starts it, tells in the Pod how it goes, ends it with the Pod. */
export class PodRunner {
  readonly #options: Options
  readonly #retries: Retries
  /** By the uid of the Pod, as long as the Pod is there. */
  readonly #processes = new Map<string, ContainerProcess>()

  constructor(options: Options) {
    this.#options = options
    const failed = (_uid: string, error: unknown) => options.say(`${(error as Error).message}; trying again`)
    this.#retries = new Retries({ failed, firstRetryMs: SECONDS, lastRetryMs: 10 * SECONDS })
  }

  /** A Pod is there, or is another one than before. */
  async upsert(pod: Pod): Promise<void> {
    const { uid } = pod.metadata
    const { phase = 'Pending' } = pod.status ?? {}
    if (phase === 'Succeeded' || phase === 'Failed' || this.#processes.has(uid)) return
    if (phase === 'Running') {
      const now = new Date()
      await this.#end(pod, now, { exitCode: 137, log: 'the runner was started anew' })
    } else void this.#retries.run(uid, () => this.#start(pod), this.#options.signal)
  }

  /** Nothing more is to be done for a Pod: what runs of it is ended. */
  async delete(uid: string, graceSeconds = STOP_GRACE_SECONDS): Promise<void> {
    await this.#retries.drop(uid)
    const process = this.#processes.get(uid)
    this.#processes.delete(uid)
    await process?.stop(graceSeconds * SECONDS)
  }

  /** Ends everything at once. */
  async stop(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((uid) => this.delete(uid, 0)))
  }

  async #start(pod: Pod): Promise<void> {
    const { uid } = pod.metadata
    const [container] = pod.spec.containers as [Container]
    const process = this.#processes.get(uid) ?? (await this.#launch(pod, container))
    await this.#report(pod, 'Running', { running: { startedAt: process.startedAt.toISOString() } })
  }

  async #launch(pod: Pod, container: Container): Promise<ContainerProcess> {
    const { say, signal, environment: common } = this.#options
    const { uid, name } = pod.metadata
    const own = await this.#environmentOf(pod, container)
    const environment = { ...common, ...own }
    const command = [...(container.command ?? []), ...(container.args ?? [])].map((part) => expand(part, own))
    const onLine = (line: string) => say(`${name}: ${line}`)
    const process = startContainer({ command, environment, cwd: container.workingDir, onLine })
    this.#processes.set(uid, process)
    void process.ended.then((ended) => {
      if (!this.#processes.has(uid)) return
      void this.#retries.run(uid, () => this.#end(pod, process.startedAt, ended), signal)
    })
    return process
  }

  /** While something is missing the Pod says what. */
  async #environmentOf(pod: Pod, container: Container): Promise<Record<string, string>> {
    const sources = sourcesOf(this.#options.client, pod.metadata.namespace)
    return await environmentOf(container, pod, sources).catch(async (error: unknown) => {
      if (!(error instanceof MissingSourceError)) throw error
      const waiting = { reason: 'CreateContainerConfigError', message: error.message }
      await this.#report(pod, 'Pending', { waiting })
      throw error
    })
  }

  async #end(pod: Pod, startedAt: Date, { exitCode, log }: Ended): Promise<void> {
    const [container] = pod.spec.containers as [Container]
    const tellsLog = exitCode !== 0 && container.terminationMessagePolicy === 'FallbackToLogsOnError'
    const terminated = {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      ...(tellsLog && { message: log }),
    }
    this.#options.say(`${pod.metadata.name}: ended with ${exitCode}`)
    await this.#report(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated })
  }

  async #report({ metadata, spec }: Pod, phase: string, state: object): Promise<void> {
    const { namespace, name, uid } = metadata
    const [{ name: container, image = '' }] = spec.containers as [Container]
    const isRunning = phase === 'Running'
    const told = { name: container, image, imageID: '', restartCount: 0, ready: isRunning, started: isRunning, state }
    const patch = { metadata: { uid }, status: { phase, containerStatuses: [told] } }
    const options = { subresource: 'status', fieldManager: 'job-runner' } as const
    await this.#options.client.mergePatch({ ...PODS, namespace, name }, patch, options).catch((error: unknown) => {
      // It went, which its watch tells.
      if (!isNotFound(error) && !isConflict(error)) throw error
    })
  }
}

function sourcesOf(client: KubeClient, namespace: string): Sources {
  const read = async <T>(resource: string, name: string): Promise<T | undefined> =>
    (await readIfThere<{ data?: T }>(client, { group: '', version: 'v1', resource, namespace, name }))?.data ??
    undefined
  const decoded = (text: string) => Buffer.from(text, 'base64').toString()
  return {
    configMap: (name) => read('configmaps', name),
    secret: async (name) => {
      const data = await read<Record<string, string>>('secrets', name)
      return data && Object.fromEntries(Object.entries(data).map(([key, text]) => [key, decoded(text)]))
    },
  }
}
