import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { BusUnusableError, isMissingStream, TooFewServersError } from './errors.ts'

/** In a NATS cluster: as many as survive the loss of one server. */
const CLUSTERED = 3
/** How long until a cluster that could not hold as many copies as a stream is to have is asked again: no message tells that it can. */
const AGAIN_MS = 5_000

/** That a stream has another number of copies than it is to have, told once, and that it has come to have them. */
export type CopiesEvent = { type: 'few' | 'enough'; stream: string; has: number; wants: number; why?: string }

/** How many servers of NATS hold each stream, those behind buckets too, and how each comes to have as many as it is to have. */
export class Copies {
  /** Of a stream that is made now. */
  readonly aim: number
  readonly #jsm: JetStreamManager
  readonly #connection: NatsConnection
  readonly #wanted: number | undefined
  readonly #report: (event: CopiesEvent) => void
  /** Streams that have another number, and when each is looked at again. */
  readonly #few = new Map<string, NodeJS.Timeout>()

  /** @param wanted as many as somebody asked for */
  constructor(
    jsm: JetStreamManager,
    connection: NatsConnection,
    { wanted, report = () => undefined }: { wanted?: number | undefined; report?: (event: CopiesEvent) => void } = {},
  ) {
    this.#jsm = jsm
    this.#connection = connection
    this.#wanted = wanted
    this.#report = report
    this.aim = wanted ?? (connection.info?.cluster === undefined ? 1 : CLUSTERED)
  }

  /**
   * Gives a stream that is there as many copies as it is to have. While the cluster cannot hold so many it keeps those that it has, and
   * is given the rest later. Where nobody asked for a number it has none taken away. @throws {BusUnusableError} outside of a cluster
   */
  async bring({ config: { name, num_replicas: has } }: StreamInfo): Promise<void> {
    const wants = this.#wanted ?? Math.max(has, this.aim)
    try {
      if (has !== wants) await this.#jsm.streams.update(name, { num_replicas: wants })
    } catch (error) {
      const refusal = this.refusal(name, error)
      if (!(refusal instanceof TooFewServersError)) throw refusal
      if (!this.#few.has(name)) this.#report({ type: 'few', stream: name, has, wants, why: refusal.message })
      return this.#lookAgain(name)
    }
    if (this.#forget(name)) this.#report({ type: 'enough', stream: name, has: wants, wants })
  }

  /** What it means that the server did not make a stream, or did not give it its copies. */
  refusal(name: string, error: unknown): unknown {
    if (!(error instanceof JetStreamApiError)) return error
    const copies = `the stream "${name}" is to have ${this.aim} ${this.aim === 1 ? 'copy' : 'copies'}`
    if (error.code === NO_PEERS)
      return new TooFewServersError(`${copies}, and NATS has no servers for that now: ${error.message}`, {
        cause: error,
      })
    if (error.code === NO_CLUSTER)
      return new BusUnusableError(`${copies}, and NATS is no cluster: ${error.message}`, { cause: error })
    return error
  }

  #lookAgain(name: string): void {
    this.#forget(name)
    const look = () => {
      if (this.#connection.isClosed()) return
      this.#jsm.streams
        .info(name)
        .then((info) => this.bring(info))
        .catch((error: unknown) => (isMissingStream(error) ? this.#forget(name) : this.#lookAgain(name)))
    }
    this.#few.set(name, setTimeout(look, AGAIN_MS).unref())
  }

  #forget(name: string): boolean {
    clearTimeout(this.#few.get(name))
    return this.#few.delete(name)
  }
}

/** "no suitable peers for placement" of the JetStream API. */
const NO_PEERS = 10005
/** "replicas > 1 not supported in non-clustered mode" of the JetStream API. */
const NO_CLUSTER = 10074
