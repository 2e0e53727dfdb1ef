import { type CollectionRef, watchResource } from '@resource-broker/kube'
import type { KubeObject } from '@resource-broker/testbed'
import type { Site } from '../support/landscape.ts'

type Handler = {
  upsert: (object: { metadata: { name: string; uid: string } }) => void
  delete: (gone: { name: string; uid: string }) => void
}

/** A collection, or what of it has a label. */
type Collection = CollectionRef & { labelSelector?: string }

/** Follows a collection until `signal` aborts. */
export type WatchObjects = (collection: Collection, handler: Handler, signal: AbortSignal) => void

/** What is in a cluster or workspace itself. */
export function watchAt({ kube }: Pick<Site, 'kube'>): WatchObjects {
  return (collection, handler, signal) => void watchResource(kube, collection, handler, { signal })
}

/** What one watch event said of one object; no `object`: it is gone. `at` is performance.now() of its arrival. */
export type Entry<T extends KubeObject = KubeObject> = { at: number; name: string; uid: string; object?: T }
/** An entry of an object that is there. */
export type Seen<T extends KubeObject = KubeObject> = Entry<T> & { object: T }

/** Everything that a watch on one collection has told, in its order: the proof of what was there when. */
export class Journal<T extends KubeObject = KubeObject> {
  readonly entries: Entry<T>[] = []

  /** `changed` is called after each event. */
  constructor(
    watch: WatchObjects,
    collection: Collection,
    { changed, signal }: { changed: () => void; signal: AbortSignal },
  ) {
    const add = (entry: Omit<Entry<T>, 'at'>) => {
      this.entries.push({ at: performance.now(), ...entry })
      changed()
    }
    const handler: Handler = {
      upsert: (object) => add({ name: object.metadata.name, uid: object.metadata.uid, object: object as unknown as T }),
      delete: ({ name, uid }) => add({ name, uid }),
    }
    watch(collection, handler, signal)
  }

  /** What is known of `name` now; undefined where it is not there. */
  latest(name: string): T | undefined {
    return this.entries.findLast((entry) => entry.name === name)?.object
  }

  /** Names of what is there now. */
  get present(): string[] {
    const names = [...new Set(this.entries.map(({ name }) => name))]
    return names.filter((name) => this.latest(name) !== undefined)
  }

  /** What was told of `name` from `since` on. */
  of(name: string, since = 0): Entry<T>[] {
    return this.entries.filter((entry) => entry.name === name && entry.at >= since)
  }

  /** The first time from `since` on that `name` was there and as `test` wants it. */
  first(name: string, test: (object: T) => boolean = () => true, since = 0): Seen<T> | undefined {
    return this.of(name, since).find((entry): entry is Seen<T> => entry.object !== undefined && test(entry.object))
  }

  /** The first time from `since` on that any was as `test` wants it. */
  find(test: (object: T) => boolean, since: number): Seen<T> | undefined {
    return this.entries.find(
      (entry): entry is Seen<T> => entry.at >= since && entry.object !== undefined && test(entry.object),
    )
  }

  /** When `name` was last seen going, if it is not there now. */
  gone(name: string): Entry<T> | undefined {
    const last = this.entries.findLast((entry) => entry.name === name)
    return last?.object === undefined ? last : undefined
  }
}
