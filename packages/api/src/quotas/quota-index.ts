import type { Consumer } from '../filters/consumers.ts'
import { selectsResource, servesConsumer } from '../filters/match.ts'
import type { GVR } from '../kinds/meta.ts'
import type { Quota } from './compile-quota.ts'

type Resource = Pick<GVR, 'group' | 'resource'>

/** Every ConsumerQuota, arranged so that those of other resources cost an object nothing. */
export class QuotaIndex {
  readonly #quotas = new Map<string, Quota>()
  /** By resource; each is made when it is first asked for. */
  readonly #resources = new Map<string, readonly Quota[]>()

  get isEmpty(): boolean {
    return this.#quotas.size === 0
  }

  names(): Iterable<string> {
    return this.#quotas.keys()
  }

  get(name: string): Quota | undefined {
    return this.#quotas.get(name)
  }

  /** Adds a quota, in place of the one of the same name. */
  set(quota: Quota): void {
    this.#quotas.set(quota.name, quota)
    this.#resources.clear()
  }

  /** Removes a quota; nothing happens if it is not there. */
  delete(name: string): void {
    if (this.#quotas.delete(name)) this.#resources.clear()
  }

  /** All that select an object of a consumer, by their names. */
  for(consumer: Consumer, gvr: Resource): readonly Quota[] {
    if (this.isEmpty) return []
    return this.#ofResource(gvr).filter(({ consumers }) => servesConsumer(consumers, consumer))
  }

  #ofResource({ group, resource }: Resource): readonly Quota[] {
    const key = `${resource}/${group}`
    const known = this.#resources.get(key)
    if (known !== undefined) return known
    const all = [...this.#quotas.values()].filter(({ resources }) => selectsResource(resources, { group, resource }))
    const made = all.sort((a, b) => (a.name < b.name ? -1 : 1))
    this.#resources.set(key, made)
    return made
  }
}
