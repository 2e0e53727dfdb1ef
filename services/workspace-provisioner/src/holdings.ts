import type { ProviderExport } from '@resource-broker/api'
import type { Fence } from '@resource-broker/bus'
import type { ProvisionerMemory, Wanted } from './context.ts'

/** A partition that this replica owns. */
export type Holding = { memory: ProvisionerMemory; fence: Fence }

/** The partitions that this replica owns now: what it remembers of one that may be another's counts no more, from the moment its fence ends. */
export class Holdings {
  readonly #held = new Map<ProvisionerMemory, Holding>()

  /** Answers whether the partition is held anew; `ended` is told when it is held no more. */
  enter(holding: Holding, ended: (memory: ProvisionerMemory) => void): boolean {
    const { memory, fence } = holding
    if (fence.signal.aborted || this.#held.has(memory)) return false
    this.#held.set(memory, holding)
    const end = () => {
      this.#held.delete(memory)
      ended(memory)
    }
    fence.signal.addEventListener('abort', end, { once: true })
    return true
  }

  /** On whose account a workspace is brought further: one that wants it, else one that removes it, else whichever there is. */
  responsible(name: string): Holding | undefined {
    const all = [...this.#held.values()]
    const wanting = all.find(({ memory }) => memory.wants.get(name) !== undefined)
    return wanting ?? all.find(({ memory }) => memory.retiring.has(name)) ?? all[0]
  }

  /** A workspace could be brought further. */
  fares(name: string): void {
    const isWanted = this.wanted(name) !== undefined
    for (const { failures, retiring } of this.#held.keys()) {
      failures.delete(name)
      if (isWanted) retiring.delete(name)
    }
  }

  /** Notes why one could not; answers whether that is news. */
  fails(name: string, why: string): boolean {
    const all = [...this.#held.keys()]
    const isNews = all.some(({ failures }) => failures.get(name) !== why)
    for (const { failures } of all) failures.set(name, why)
    return isNews
  }

  wanted(name: string): Wanted | undefined {
    for (const { wants } of this.#held.keys()) {
      const wanted = wants.get(name)
      if (wanted !== undefined) return wanted
    }
    return undefined
  }

  isRetiring(name: string): boolean {
    return [...this.#held.keys()].some(({ retiring }) => retiring.has(name))
  }

  keysOf(name: string): string[] {
    return [...this.#held.keys()].flatMap(({ wants }) => [...wants.keysOf(name)])
  }

  takeUnserved(provider: string): string[] {
    return [...this.#held.keys()].flatMap(({ wants }) => [...wants.takeUnserved(provider)])
  }

  stagedAt(of: ProviderExport): string[] {
    return [...this.#held.keys()].flatMap(({ wants }) => [...wants.stagedAt(of)])
  }
}
