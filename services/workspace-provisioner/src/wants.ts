import type { ProviderExport } from '@resource-broker/api'
import type { Wanted } from './context.ts'

/** Which workspaces a partition has there be, and on whose account: Assignments and AcceptAPIs, by their keys. */
export class Wants {
  readonly #wanted = new Map<string, Wanted>()
  readonly #keys = new Map<string, Set<string>>()
  readonly #names = new Map<string, Set<string>>()
  readonly #byExport = new Map<string, Set<string>>()
  /** Keys that no known export of a provider serves, by provider. */
  readonly #unserved = new Map<string, Set<string>>()

  get(name: string): Wanted | undefined {
    return this.#wanted.get(name)
  }

  /** Names of the workspaces that a key wants. */
  of(key: string): Set<string> {
    return new Set(this.#names.get(key))
  }

  /** Names of all that are wanted. */
  get names(): Iterable<string> {
    return this.#wanted.keys()
  }

  keysOf(name: string): Iterable<string> {
    return [...(this.#keys.get(name) ?? [])]
  }

  /** A key wants exactly these. */
  set(key: string, wanted: Wanted[]): void {
    for (const each of wanted) this.add(key, each)
    const names = new Set(wanted.map(({ name }) => name))
    for (const name of this.#names.get(key) ?? []) if (!names.has(name)) this.#remove(key, name)
  }

  add(key: string, wanted: Wanted): void {
    const { name } = wanted
    this.#wanted.set(name, wanted)
    into(this.#keys, name, key)
    into(this.#names, key, name)
    if (wanted.consumerCluster !== undefined) into(this.#byExport, idOf(wanted), name)
  }

  /** Workspaces for copies at an export. */
  stagedAt(of: ProviderExport): Iterable<string> {
    return [...(this.#byExport.get(idOf(of)) ?? [])]
  }

  addUnserved(key: string, provider: string): void {
    into(this.#unserved, provider, key)
  }

  takeUnserved(provider: string): Iterable<string> {
    const keys = this.#unserved.get(provider) ?? []
    this.#unserved.delete(provider)
    return keys
  }

  #remove(key: string, name: string): void {
    outOf(this.#names, key, name)
    if (!outOf(this.#keys, name, key)) return
    const wanted = this.#wanted.get(name)
    this.#wanted.delete(name)
    if (wanted !== undefined) outOf(this.#byExport, idOf(wanted), name)
  }
}

const idOf = ({ providerCluster, apiExportName }: ProviderExport): string => `${providerCluster} ${apiExportName}`

function into(sets: Map<string, Set<string>>, at: string, item: string): void {
  sets.set(at, (sets.get(at) ?? new Set()).add(item))
}

/** Whether the set is empty now. */
function outOf(sets: Map<string, Set<string>>, at: string, item: string): boolean {
  const set = sets.get(at)
  set?.delete(item)
  if (set !== undefined && set.size > 0) return false
  sets.delete(at)
  return true
}
