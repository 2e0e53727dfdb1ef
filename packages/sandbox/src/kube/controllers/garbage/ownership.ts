import type { Entry, StoreEvent } from '../../../store/types.ts'
import { parseOwnJson } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'

/** Where an object stands, as a key of the garbage collector: `cluster|storage|namespace|name`. */
export type NodeKey = string

const OWNERS = Buffer.from('"ownerReferences":')
/** Only who is being deleted waits, which few objects are: the other texts are looked for in these alone. */
const ENDING = Buffer.from('"deletionTimestamp":')
const WAITING = [Buffer.from('"foregroundDeletion"'), Buffer.from('"orphan"')]

function nodeKeyOf({ key }: Entry): NodeKey {
  return `${key.cluster}|${key.resource}|${key.namespace}|${key.name}`
}

export function parseNodeKey(key: NodeKey): { cluster: string; storage: string; namespace: string; name: string } {
  const [cluster = '', storage = '', namespace = '', ...name] = key.split('|')
  return { cluster, storage, namespace, name: name.join('|') }
}

/** Who depends on whom, by the owners' uids, as far as ownerReferences say. */
export class Ownership {
  /** `cluster|uid` of owners to their dependents. */
  private readonly dependents = new Map<string, Set<NodeKey>>()
  /** Dependents to the owners they were last seen with. */
  private readonly owners = new Map<NodeKey, string[]>()
  /** Owners with dependents that were seen to go, by `cluster|uid`; forgotten with the last dependent. */
  private readonly absent = new Set<string>()
  /** Owners that wait for their dependents, by `cluster|uid`. */
  private readonly waiting = new Map<string, NodeKey>()

  /** Takes a change in and answers the keys that have to be looked at. */
  learn({ type, entry }: StoreEvent): NodeKey[] {
    const key = nodeKeyOf(entry)
    const mayOwn = this.dependents.size > 0
    const concerned = entry.bytes.includes(OWNERS) || this.owners.has(key)
    const waits = entry.bytes.includes(ENDING) && WAITING.some((finalizer) => entry.bytes.includes(finalizer))
    const gone = type === 'DELETED'
    if (!concerned && !waits && !(gone && mayOwn)) return []
    const { metadata } = parseOwnJson<KubeObject>(entry.bytes)
    const { cluster } = entry.key
    const own = `${cluster}|${metadata.uid}`
    const before = this.owners.get(key) ?? []
    const now = gone ? [] : (metadata.ownerReferences ?? []).map(({ uid }) => `${cluster}|${uid}`)
    this.replace(key, before, now)
    if (gone && this.dependents.has(own)) this.absent.add(own)
    if (waits && !gone && metadata.deletionTimestamp !== undefined) this.waiting.set(own, key)
    else this.waiting.delete(own)
    const released = [...before, ...now].flatMap((owner) => this.waiting.get(owner) ?? [])
    const touched = gone || waits ? [...this.dependentsOf(cluster, metadata.uid ?? '')] : []
    return [...(gone ? [] : [key]), ...released, ...touched]
  }

  dependentsOf(cluster: string, uid: string): ReadonlySet<NodeKey> {
    return this.dependents.get(`${cluster}|${uid}`) ?? new Set()
  }

  /** Whether an owner was seen to go: its type may be gone by now, too. */
  isAbsent(cluster: string, uid: string): boolean {
    return this.absent.has(`${cluster}|${uid}`)
  }

  private replace(key: NodeKey, before: readonly string[], now: string[]): void {
    for (const owner of before) {
      const siblings = this.dependents.get(owner)
      siblings?.delete(key)
      if (siblings?.size === 0) {
        this.dependents.delete(owner)
        this.absent.delete(owner)
      }
    }
    for (const owner of now) this.dependents.set(owner, (this.dependents.get(owner) ?? new Set()).add(key))
    if (now.length > 0) this.owners.set(key, now)
    else this.owners.delete(key)
  }
}
