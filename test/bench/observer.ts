import { type Gone, watchResource } from '@resource-broker/kube'
import type { Site } from '../support/landscape.ts'
import { THING } from '../support/provider-controller.ts'
import type { Thing } from './things.ts'

const PATIENCE_MS = 30_000

type Wait = { matches: (object: Thing) => boolean; resolve: (at: number) => void }

/** Sees what happens to the Things of one cluster, and when, by the bench's own clock (`performance.now`). */
export class Observer {
  readonly #name: string
  readonly #waits = new Map<string, Wait[]>()
  readonly #stopping = new AbortController()
  #onObject: ((object: Thing, at: number) => void) | undefined
  #onGone: ((gone: Gone, at: number) => void) | undefined

  private constructor(name: string) {
    this.#name = name
  }

  static async start(site: Site): Promise<Observer> {
    const observer = new Observer(site.name)
    await new Promise<void>((synced) => {
      const upsert = (object: unknown): void => observer.#see(object as Thing)
      watchResource(
        site.kube,
        THING,
        { upsert, delete: (gone) => observer.#onGone?.(gone, performance.now()), synced },
        { signal: observer.#stopping.signal },
      )
    })
    return observer
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Resolves with the time at which the object was first seen to match; rejects when that takes half a minute. */
  async until(what: string, namespace: string, name: string, matches: (object: Thing) => boolean): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const id = `${namespace}/${name}`
    const waits = this.#waits.get(id) ?? []
    this.#waits.set(id, [...waits, { matches, resolve }])
    const timer = setTimeout(
      () => reject(new Error(`${this.#name}: ${id} was not ${what} within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    )
    try {
      return await promise
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves with the time at which the last of `count` different objects of the namespace matched for the first time. */
  async untilAll(
    what: string,
    namespace: string,
    count: number,
    matches: (object: Thing) => boolean,
    patienceMs: number,
  ): Promise<number> {
    return await this.#untilAll(what, count, patienceMs, (saw) => {
      this.#onObject = (object, at) => {
        if (object.metadata.namespace === namespace && matches(object)) saw(object.metadata.name, at)
      }
      return () => {
        this.#onObject = undefined
      }
    })
  }

  /** Resolves with the time at which the last of `count` objects of the namespace was gone. */
  async untilGone(namespace: string, count: number, patienceMs: number): Promise<number> {
    return await this.#untilAll('gone', count, patienceMs, (saw) => {
      this.#onGone = (gone, at) => {
        if (gone.namespace === namespace) saw(gone.name, at)
      }
      return () => {
        this.#onGone = undefined
      }
    })
  }

  async #untilAll(
    what: string,
    count: number,
    patienceMs: number,
    listen: (saw: (name: string, at: number) => void) => () => void,
  ): Promise<number> {
    const seen = new Set<string>()
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const timer = setTimeout(
      () => reject(new Error(`${this.#name}: ${seen.size} of ${count} were ${what}, and no more in ${patienceMs} ms`)),
      patienceMs,
    )
    const unlisten = listen((name, at) => {
      seen.add(name)
      timer.refresh()
      if (seen.size === count) resolve(at)
    })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      unlisten()
    }
  }

  #see(object: Thing): void {
    const at = performance.now()
    this.#onObject?.(object, at)
    const id = `${object.metadata.namespace}/${object.metadata.name}`
    const waits = this.#waits.get(id)
    if (waits === undefined) return
    const left = waits.filter((wait) => !wait.matches(object))
    for (const wait of waits) if (!left.includes(wait)) wait.resolve(at)
    if (left.length > 0) this.#waits.set(id, left)
    else this.#waits.delete(id)
  }
}
