import type { Gone, WatchEvent, WatchedObject, WatchHandler } from '../src/watch/types.ts'

/** Keeps a view of what a watch told, and notes what a watch must not tell. */
export class Recorder implements WatchHandler {
  /** uid and resourceVersion by namespace/name. */
  readonly view = new Map<string, { uid: string; resourceVersion: string }>()
  readonly told: string[] = []
  readonly mistakes: string[] = []
  readonly events: WatchEvent[] = []
  syncs = 0
  /** A restart hands the same versions over again. */
  repeats = false

  readonly upsert = ({ metadata }: WatchedObject): void => {
    const { namespace = '', name, uid, resourceVersion } = metadata
    const before = this.view.get(`${namespace}/${name}`)
    this.told.push(`+${name}@${resourceVersion}`)
    if (before !== undefined && before.uid !== uid) this.mistakes.push(`${name} replaced without a delete`)
    if (before?.resourceVersion === resourceVersion && !this.repeats) this.mistakes.push(`${name} repeated`)
    if ('managedFields' in metadata) this.mistakes.push(`${name} has managedFields`)
    this.view.set(`${namespace}/${name}`, { uid, resourceVersion })
  }

  readonly delete = ({ namespace = '', name, uid }: Gone): void => {
    this.told.push(`-${name}`)
    if (this.view.get(`${namespace}/${name}`)?.uid !== uid) this.mistakes.push(`${name} deleted and not there`)
    this.view.delete(`${namespace}/${name}`)
  }

  readonly synced = (): void => {
    this.syncs++
    this.told.push('synced')
  }

  readonly report = (event: WatchEvent): void => {
    this.events.push(event)
  }

  has(type: WatchEvent['type']): boolean {
    return this.events.some((event) => event.type === type)
  }
}
