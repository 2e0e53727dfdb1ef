import type { Gone, Known, WatchedObject } from './types.ts'

/** Which objects a watch has told its handler about, and which of them the list that is under way has shown. */
export class ObjectIndex {
  /** `namespace/name`, with `clusterOf` `cluster/namespace/name`. */
  readonly entries = new Map<string, Known>()
  readonly #clusterOf: ((object: WatchedObject) => string) | undefined
  #listed: Set<string> | undefined

  constructor(clusterOf?: (object: WatchedObject) => string) {
    this.#clusterOf = clusterOf
  }

  /** A list is under way. */
  get listing(): boolean {
    return this.#listed !== undefined
  }

  beginList(): void {
    this.#listed = new Set()
  }

  endList(): void {
    this.#listed = undefined
  }

  /** What was there and is not in the list. */
  unlisted(): Known[] {
    const listed = this.#listed
    if (listed === undefined) return []
    return [...this.entries].flatMap(([id, known]) => (listed.has(id) ? [] : [known]))
  }

  find(object: WatchedObject): Known | undefined {
    return this.entries.get(idOf(this.#identity(object)))
  }

  mark(object: WatchedObject): void {
    this.#listed?.add(idOf(this.#identity(object)))
  }

  set(object: WatchedObject): void {
    const identity = this.#identity(object)
    this.entries.set(idOf(identity), { ...identity, resourceVersion: object.metadata.resourceVersion })
  }

  remove(gone: Gone): void {
    this.entries.delete(idOf(gone))
  }

  #identity(object: WatchedObject): Gone {
    const { namespace, name, uid } = object.metadata
    const identity: Gone = namespace === undefined ? { name, uid } : { namespace, name, uid }
    return this.#clusterOf === undefined ? identity : { cluster: this.#clusterOf(object), ...identity }
  }
}

function idOf({ cluster, namespace = '', name }: Gone): string {
  return cluster === undefined ? `${namespace}/${name}` : `${cluster}/${namespace}/${name}`
}

/** Whether `version` lies before `other`. Not comparable ones do not. (Decimal numbers in all that kube-apiserver serves: KEP-5504.) */
export function isBefore(version: string, other: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(other)) return false
  return version.length !== other.length ? version.length < other.length : version < other
}
