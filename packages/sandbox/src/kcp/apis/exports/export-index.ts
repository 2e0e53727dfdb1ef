import type { ExportAt, ExportIndex, ReplicatedCache, ReplicatedChange, ReplicatedObject } from '../../services.ts'
import type { ApiExport } from '../types.ts'

/** The exports of all shards by their identity, which several can share (contract 5.3). */
export class ExportsByIdentity implements ExportIndex {
  /** By identity hash, then by `<cluster>|<name>`. */
  readonly #exports = new Map<string, Map<string, ReplicatedObject>>()
  readonly #stop: () => void

  constructor(cache: ReplicatedCache) {
    for (const apiExport of cache.list('apiexports.apis.kcp.io')) this.#follow({ type: 'ADDED', now: apiExport })
    this.#stop = cache.watch('apiexports.apis.kcp.io', (change) => this.#follow(change))
  }

  ofType(group: string, resource: string, identityHash: string): ExportAt | undefined {
    return this.withIdentity(identityHash).find(({ apiExport }) =>
      (apiExport.spec?.resources ?? []).some((each) => (each.group ?? '') === group && each.name === resource),
    )
  }

  withIdentity(identityHash: string): readonly ExportAt[] {
    const sharing = [...(this.#exports.get(identityHash)?.values() ?? [])]
    return sharing.map(({ cluster, object }) => ({ cluster, apiExport: object as ApiExport }))
  }

  /** Follows the cache no longer. */
  close(): void {
    this.#stop()
  }

  #follow({ type, now, previous }: ReplicatedChange): void {
    const [identity, before] = [type === 'DELETED' ? undefined : identityOf(now), previous && identityOf(previous)]
    if (before !== undefined && before !== identity) this.#remove(before, now)
    if (identity === undefined) return
    const sharing = this.#exports.get(identity) ?? new Map<string, ReplicatedObject>()
    this.#exports.set(identity, sharing.set(keyOf(now), now))
  }

  #remove(identity: string, gone: ReplicatedObject): void {
    const sharing = this.#exports.get(identity)
    sharing?.delete(keyOf(gone))
    if (sharing?.size === 0) this.#exports.delete(identity)
  }
}

function identityOf({ object }: ReplicatedObject): string | undefined {
  return (object as ApiExport).status?.identityHash
}

function keyOf({ cluster, name }: ReplicatedObject): string {
  return `${cluster}|${name}`
}
