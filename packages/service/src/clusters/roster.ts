import { EventEmitter } from 'node:events'
import { type Cluster, type KubeClient, KubeconfigFiles, type KubeconfigFilesOptions } from '@resource-broker/kube'
import type { Logger } from '../logger.ts'
import { clusterUID } from './cluster-uid.ts'
import { ClusterNotConnectedError } from './clusters.ts'
import {
  type Claim,
  type Presence,
  type PresenceChange,
  type PresenceEvent,
  PresenceMachine,
  type Role,
} from './presence.ts'

type Events = {
  joined: [cluster: Cluster]
  left: [cluster: Cluster]
  /** How it is, or why it is so, changed. */
  presence: [name: string]
}

type Options = KubeconfigFilesOptions & {
  /** What is known of a cluster besides the platform's records. */
  claimOf: (name: string, uid: string) => Promise<Claim>
  logger: Logger
}

/** How long a cluster is given to say what it is: a start does not wait longer for one that hangs. */
const ASK_MS = 3_000
/** How long until it is asked again. */
const ASK_AGAIN_MS = 1_000

/** The clusters of one role that are given as kubeconfig files, as far as each is the one that its name stands for. */
export class Roster extends EventEmitter<Events> {
  readonly #role: Role
  readonly #files: KubeconfigFiles
  readonly #machine: PresenceMachine
  readonly #options: Options
  readonly #connected = new Map<string, Cluster>()
  #stopped = false

  constructor(role: Role, options: Options) {
    super()
    this.setMaxListeners(0)
    this.#role = role
    this.#options = options
    this.#machine = new PresenceMachine(role, new Date())
    this.#files = new KubeconfigFiles(options)
  }

  /** Reads what is there, asks each cluster what it is, and goes on following both. */
  async start(): Promise<void> {
    const { logger } = this.#options
    const invalid = (path: string, err: Error) =>
      logger.error({ role: this.#role, path, err }, 'kubeconfig cannot be used')
    this.#files.on('invalid', invalid)
    this.#files.on('left', ({ name }) => this.take({ type: 'went', name }))
    const came = ({ name }: Cluster) => this.take({ type: 'came', name })
    this.#files.on('joined', came)
    await this.#files.start()
    const all = this.#files.all
    const answers = await Promise.all(all.map((cluster) => this.#ask(cluster)))
    for (const answer of answers) this.take(answer)
    for (const [i, cluster] of all.entries()) if (answers[i]?.type === 'unreachable') void this.#askAgain(cluster)
    this.#files.on('joined', (cluster) => void this.#identify(cluster))
    this.#files.on('changed', (cluster) => void this.#identify(cluster))
  }

  stop(): void {
    this.#stopped = true
    this.#files.stop()
  }

  /** Only while it is connected. */
  get(name: string): Cluster | undefined {
    return this.#connected.get(name)
  }

  /** Those that are connected, by name. */
  get all(): Cluster[] {
    return [...this.#connected.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Those that there is a kubeconfig or a record of. */
  get names(): readonly string[] {
    return this.#machine.names
  }

  /** @throws {ClusterNotConnectedError} with the reason */
  client(name: string): KubeClient {
    const cluster = this.#connected.get(name)
    if (cluster === undefined) throw notConnected(this.#role, name, this.presence(name))
    return cluster.client
  }

  presence(name: string): Presence {
    return this.#machine.of(name)
  }

  /** What a cluster that has answered is. */
  uidOf(name: string): string | undefined {
    return this.#machine.uidOf(name)
  }

  /** Whether there is a kubeconfig of this name, be it believed or not. */
  hasKubeconfig(name: string): boolean {
    return this.#files.get(name) !== undefined
  }

  /** Takes what happened to a cluster, or what the platform's record of it says. */
  take(event: PresenceEvent): void {
    for (const change of this.#machine.on(event, new Date())) this.#follow(change, event.type)
  }

  #follow({ name, now }: PresenceChange, after: PresenceEvent['type']): void {
    const { logger } = this.#options
    const [was, is] = [this.#connected.get(name), now.state === 'connected' ? this.#files.get(name) : undefined]
    const who = { role: this.#role, cluster: name }
    if (was !== undefined && is === undefined) {
      this.#connected.delete(name)
      logger.info(who, 'cluster left')
      this.emit('left', was)
    }
    if (now.state === 'lost') logger.warn(who, 'cluster is lost')
    else if (now.state === 'away' && isRefused(now)) logger.error({ ...who, why: now.why }, 'cluster is refused')
    else if (now.state === 'away' && after === 'unreachable')
      logger.warn({ ...who, why: now.why }, 'cluster does not answer')
    if (was === undefined && is !== undefined) {
      this.#connected.set(name, is)
      logger.info({ ...who, path: is.path }, 'cluster joined')
      this.emit('joined', is)
    }
    this.emit('presence', name)
  }

  async #identify(cluster: Cluster): Promise<void> {
    const answer = await this.#ask(cluster)
    if (this.#isOver(cluster)) return
    // One that was known keeps what is known of it: that it does not answer now is for its watches to tell.
    if (answer.type === 'identified' || this.uidOf(cluster.name) === undefined) this.take(answer)
    if (answer.type === 'unreachable') await this.#askAgain(cluster)
  }

  async #askAgain(cluster: Cluster): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS).unref())
    if (!this.#isOver(cluster)) await this.#identify(cluster)
  }

  #isOver(cluster: Cluster): boolean {
    return this.#stopped || this.#files.get(cluster.name) !== cluster
  }

  async #ask({ name, client }: Cluster): Promise<PresenceEvent> {
    try {
      const uid = await clusterUID(client, { timeoutMs: ASK_MS })
      return { type: 'identified', name, uid, claim: await this.#options.claimOf(name, uid) }
    } catch (error) {
      return { type: 'unreachable', name, why: (error as Error).message }
    }
  }
}

/** What is thrown where a cluster is needed that is not connected. */
export function notConnected(role: Role, name: string, presence: Presence): ClusterNotConnectedError {
  return new ClusterNotConnectedError(presence.state === 'away' ? presence.why : `${role} ${name} is lost`)
}

function isRefused({ reason }: Presence & { state: 'away' }): boolean {
  return reason !== 'NotConnected' && reason !== 'Unreachable'
}
