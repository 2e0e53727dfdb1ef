import { EventEmitter } from 'node:events'
import { Assignment, keyOf, keyOfAssignment, labels, type ObjectIdentity } from '@resource-broker/api'
import { isConflict, isNotFound, type KubeClient, type WatchEvent, watchResource } from '@resource-broker/kube'
import type { Logger } from '@resource-broker/service'

/** An Assignment that goes by another key than its object's own. */
type Foreign = { name: string; key: string; own: string; uid: string; resourceVersion: string; createdAt: string }

/**
 * Under which key each object goes: its own, or that of the Assignment which it has from the version before, whose keys held the version
 * of the API. Such an object keeps that key for as long as it has that Assignment; nobody makes another one of the kind.
 */
export class KeyBook extends EventEmitter<{ freed: [key: string] }> {
  /** By the name of the Assignment. */
  readonly #foreign = new Map<string, Foreign>()
  /** By the object's own key, the one that counts first: the older, or the one that is before in the alphabet. */
  readonly #byOwn = new Map<string, Foreign[]>()
  readonly #taken = new Set<string>()

  constructor() {
    super()
    this.setMaxListeners(0)
  }

  of(identity: ObjectIdentity): string {
    const own = keyOf(identity)
    return this.#byOwn.get(own)?.[0]?.key ?? own
  }

  /** Whether a key is another than its object's own: it is freed some time. */
  isForeign(key: string): boolean {
    return this.#taken.has(key)
  }

  /** Follows the Assignments of the version before until the signal aborts. Resolves when all are known. */
  async follow(coordination: KubeClient, logger: Logger, signal: AbortSignal): Promise<void> {
    const report = (event: WatchEvent) => {
      if (event.type === 'disconnected') logger.warn({ err: event.error }, 'the Assignments cannot be listed now')
      if (event.type === 'absent')
        logger.warn('the platform does not serve Assignments: apply the CRDs of this version')
    }
    const upsert = (object: object) => {
      const read = Assignment.parse(object)
      if (read.ok) for (const second of this.take(read.value)) void release(coordination, logger, second)
    }
    await new Promise<void>((synced) => {
      const handler = { upsert, delete: ({ name }: { name: string }) => this.forget(name), synced, report }
      watchResource(coordination, { ...Assignment.resource, labelSelector: `!${labels.key}` }, handler, { signal })
    })
  }

  /** Notes an Assignment. @returns those that its object has beside the one that counts: one for each version that was watched. */
  take({ metadata, spec }: Assignment): Foreign[] {
    const { name, uid = '', resourceVersion = '', creationTimestamp: createdAt = '' } = metadata
    const key = keyOfAssignment(name)
    const { consumerCluster: cluster, namespace, ...object } = spec
    const own = keyOf({ cluster, ...(namespace === undefined ? {} : { namespace }), ...object })
    if (key === undefined || key === own) return []
    this.#drop(name)
    this.#foreign.set(name, { name, key, own, uid, resourceVersion, createdAt })
    this.#taken.add(key)
    const all = [...(this.#byOwn.get(own) ?? []), this.#foreign.get(name) as Foreign].sort(byAge)
    this.#byOwn.set(own, all)
    return all.slice(1)
  }

  forget(name: string): void {
    const key = this.#drop(name)?.key
    if (key !== undefined) this.emit('freed', key)
  }

  #drop(name: string): Foreign | undefined {
    const known = this.#foreign.get(name)
    if (known === undefined) return undefined
    this.#foreign.delete(name)
    this.#taken.delete(known.key)
    const others = (this.#byOwn.get(known.own) ?? []).filter((other) => other.name !== name)
    if (others.length > 0) this.#byOwn.set(known.own, others)
    else this.#byOwn.delete(known.own)
    return known
  }
}

function byAge(a: Foreign, b: Foreign): number {
  return a.createdAt === b.createdAt ? (a.name < b.name ? -1 : 1) : a.createdAt < b.createdAt ? -1 : 1
}

/** Two Assignments would make two copies of one object: its younger one goes, as it was seen. */
async function release(
  coordination: KubeClient,
  logger: Logger,
  { name, uid, resourceVersion }: Foreign,
): Promise<void> {
  try {
    await coordination.delete({ ...Assignment.resource, name }, { uid, resourceVersion })
    logger.warn({ assignment: name }, 'a second Assignment of one object, for another version of its kind, was deleted')
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) logger.error({ assignment: name, err }, 'a second Assignment stays')
  }
}
