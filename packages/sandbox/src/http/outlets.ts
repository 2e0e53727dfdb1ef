import type { ServerResponse } from 'node:http'
import { Outlet } from './outlet.ts'

export type OutletLimits = {
  /** Bytes that may wait for a client beyond what its stream began with. */
  pendingBytes: number
  /** How long a client may take nothing while bytes wait for it. */
  stallMs: number
}

/**
 * The open answers of one listener. What is written to them during one turn of the event loop goes out together at its end;
 * answers whose clients do not read are cut.
 */
export class Outlets {
  readonly #limits: OutletLimits
  readonly #open = new Set<Outlet>()
  #dirty: Outlet[] = []
  #sweep: NodeJS.Timeout | undefined

  constructor(limits: OutletLimits) {
    this.#limits = limits
  }

  /** An outlet for the body of `response`, whose head is written. */
  add(response: ServerResponse): Outlet {
    const outlet = new Outlet(response, {
      pendingBytes: this.#limits.pendingBytes,
      onDirty: () => this.#schedule(outlet),
      onClosed: () => this.#open.delete(outlet),
    })
    this.#open.add(outlet)
    this.#sweep ??= setInterval(() => this.#cutStalled(), this.#limits.stallMs / 4).unref()
    return outlet
  }

  /** Ends every open answer in the regular way; their writers are told. */
  endAll(): void {
    clearInterval(this.#sweep)
    this.#sweep = undefined
    for (const outlet of [...this.#open]) outlet.endByServer()
  }

  #schedule(outlet: Outlet): void {
    if (this.#dirty.push(outlet) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const outlet of dirty) outlet.flush()
  }

  #cutStalled(): void {
    const oldest = performance.now() - this.#limits.stallMs
    for (const outlet of this.#open) if (outlet.waitingSince < oldest) outlet.cut()
  }
}
