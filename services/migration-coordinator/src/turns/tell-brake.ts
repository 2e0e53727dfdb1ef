import { providerName } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import type { KubeClient } from '@resource-broker/kube'
import { type Logger, tryRecordEvent } from '@resource-broker/service'
import { type BrakeNote, causeID } from './brake.ts'

type Options = {
  coordination: KubeClient
  logger: Logger
  provider: (name: string) => KubeObject | undefined
  now: () => number
}

/** Tells the platform which changes of offers wait for a word: one Event for each, at the Provider of the offer, whose count is that of the moves. */
export class BrakeEvents {
  readonly #options: Options
  /** The last message by the cause. */
  readonly #told = new Map<string, string>()

  constructor(options: Options) {
    this.#options = options
  }

  /** Each Migration says the same: an Event that cannot be recorded keeps nobody from going on. */
  async tell(notes: readonly BrakeNote[]): Promise<void> {
    const { coordination, logger, provider, now } = this.#options
    for (const { cause, count, message } of notes) {
      const id = causeID(cause)
      if (this.#told.get(id) === message) continue
      this.#told.set(id, message)
      logger.warn({ cause, count }, message)
      const about = provider(providerName(cause.providerCluster))
      if (about === undefined) continue
      const note = { type: 'Warning', reason: 'MovesAwaitApproval', message, now: new Date(now()) } as const
      await tryRecordEvent(coordination, about, { ...note, of: id, count, isOwn: true }, { logger, cause })
    }
  }
}
