import type { WatchEvent } from '@resource-broker/kube'
import type { Logger } from './logger.ts'

/** Why what a service has to know from one watch of the platform is not known yet, for readiness; and in the log how the watch fares. */
export class WatchObstacle {
  readonly #plural: string
  #reason: string | undefined

  /** @param plural of the kind that is watched, as people call it */
  constructor(plural: string) {
    this.#plural = plural
    this.#reason = `the ${plural} of the platform are not known yet`
  }

  /** undefined while all is well. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** All are known now. */
  synced(): void {
    this.#reason = undefined
  }

  /** What is known stays; that the watch is interrupted is no trouble for long, as it begins again. */
  heed(event: WatchEvent, logger: Logger): void {
    const watch = this.#plural
    if (event.type === 'disconnected')
      logger.info({ watch, err: event.error, retryInMs: event.retryInMs }, 'watch of the platform interrupted')
    if (event.type === 'absent') logger.warn({ watch }, 'not served by the platform: nothing is seen of it until it is')
    if (event.type === 'absent')
      this.#reason = `the platform does not serve ${this.#plural}: apply the CRDs of this version`
    else if (event.type === 'disconnected' && this.#reason !== undefined)
      this.#reason = `the ${this.#plural} of the platform cannot be listed: ${(event.error as Error).message}`
  }
}
