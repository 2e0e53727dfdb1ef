import { request } from 'node:https'
import type { Target } from './messages.ts'

const NAME = /"metadata":\{"name":"([^"]+)"/

/** Watches ConfigMaps and tells when an event was read; one connection each. */
export class Watchers {
  /** When an object's event had reached all watchers of its namespace, in `performance.now()`. */
  readonly seen = new Map<string, number>()
  /** Set to learn when as many objects were seen by all. */
  #waiting: { objects: number; resolve: () => void } | undefined
  readonly #target: Target
  readonly #counts = new Map<string, number>()
  #perNamespace = 0

  constructor(target: Target) {
    this.#target = target
  }

  get open(): boolean {
    return this.#perNamespace > 0
  }

  /** Deals `count` watches out over `namespaces`; resolves when each was answered. */
  async start(count: number, namespaces: readonly string[]): Promise<void> {
    this.#perNamespace = Math.ceil(count / namespaces.length)
    await Promise.all(
      Array.from({ length: count }, (_, index) => this.#watch(namespaces[index % namespaces.length] ?? '')),
    )
  }

  /** Resolves when the events of as many objects have come since the last `clear`. */
  all(objects: number): Promise<void> {
    if (this.seen.size >= objects) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting = { objects, resolve }
    })
  }

  clear(): void {
    this.seen.clear()
    this.#counts.clear()
  }

  #watch(namespace: string): Promise<void> {
    const { url, ca, token, prefix } = this.#target
    const path = `${prefix}/api/v1/namespaces/${namespace}/configmaps?watch=true`
    return new Promise((resolve, reject) => {
      const call = request(`${url}${path}`, { ca, agent: false, headers: { authorization: `Bearer ${token}` } })
      call.once('error', reject)
      call.once('response', (response) => {
        if (response.statusCode !== 200) return reject(new Error(`a watch was answered with ${response.statusCode}`))
        let rest = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          const lines = (rest + text).split('\n')
          rest = lines.pop() ?? ''
          for (const line of lines) this.#note(line)
        })
        resolve()
      })
      call.end()
    })
  }

  #note(line: string): void {
    const name = NAME.exec(line)?.[1]
    if (name === undefined) return
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    if (count < this.#perNamespace) return
    this.seen.set(name, performance.now())
    if (this.#waiting !== undefined && this.seen.size >= this.#waiting.objects) this.#waiting.resolve()
  }
}
