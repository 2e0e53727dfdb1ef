import type { Entry, Store, StoreEvent } from '../../store/types.ts'

/** Objects of one type by logical cluster and name. */
export type ByCluster<T> = Map<string, Map<string, T>>

/** Keeps what `parse` makes of each object of a type; `changed` is told of the cluster. Answers what ends it. */
export function followObjects<T>(
  store: Store,
  resource: string,
  into: ByCluster<T>,
  parse: (entry: Entry) => T,
  changed: (cluster: string) => void = () => {},
): () => void {
  const learn = (entry: Entry) => {
    const { cluster, name } = entry.key
    const known = into.get(cluster) ?? new Map<string, T>()
    into.set(cluster, known.set(name, parse(entry)))
    changed(cluster)
  }
  const forget = ({ key: { cluster, name } }: Entry) => {
    const known = into.get(cluster)
    known?.delete(name)
    if (known?.size === 0) into.delete(cluster)
    changed(cluster)
  }
  const { entries, revision } = store.list({ resource })
  for (const entry of entries) learn(entry)
  return store.watch({ resource }, revision, ({ type, entry }: StoreEvent) =>
    type === 'DELETED' ? forget(entry) : learn(entry),
  )
}
